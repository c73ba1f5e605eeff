/** What one does next with what was declared. */

import { Link } from "wouter-preact";
import { to } from "../../store/paths.ts";
import type { Kind } from "./kinds.ts";

export function Next({ kind, name }: { kind: Kind; name: string }) {
  return (
    <p class="row end">
      {kind === "stream" ? (
        <>
          <Link href={to.command(name)}>Append an event</Link>
          <Link href={to.category(name)}>Its streams</Link>
          <Link href={to.declare("view")}>Declare a view of it</Link>
        </>
      ) : (
        <>
          {kind === "view" ? <Link href={to.view(name)}>Its rows</Link> : null}
          <Link href={kind === "source" ? to.source(name) : to.consumer(name)}>How it is doing</Link>
        </>
      )}
    </p>
  );
}
