/** How many of the latest events of a category fit its new schemas. */

import { Link } from "wouter-preact";
import { count, counted } from "../../parts/show.tsx";
import { to } from "../../store/paths.ts";
import type { Tried } from "./effect.tsx";

export function Fitting({ tried: { outcome, fit } }: { tried: Tried }) {
  if (!fit || fit.checked === 0)
    return (
      <p class="dim">
        {outcome === "created" ? "It is valid, and new: there are no events of it yet." : "It is valid. There are no events of it yet."}
      </p>
    );
  return (
    <>
      <p>
        {count(fit.fit)} of the latest {counted(fit.checked, "event")} fit.
      </p>
      <ul>
        {fit.misfits.map(({ position, stream, issues = [] }) => (
          <li key={`${position} ${stream}`}>
            {position === undefined ? <bdi>{stream}</bdi> : <Link href={to.log({ at: position })}>Position {count(position)}</Link>}:{" "}
            {issues.map(({ path, message }) => `${path} ${message}`).join("; ")}
          </li>
        ))}
      </ul>
    </>
  );
}
