/** Sends a range of events again, counted before; and how far the replays under way are. */

import { useState } from "preact/hooks";
import { Act } from "../../parts/act.tsx";
import { Section } from "../../parts/page.tsx";
import { count, counted } from "../../parts/show.tsx";
import { segments } from "../../store/paths.ts";
import { call } from "../../store/store.ts";
import type { WebhookReport } from "./webhook.ts";

interface Count {
  readonly events: number;
  readonly position: number;
  readonly to: number;
}

/** A position, or a time such as `2026-11-21T06:00:00Z`. */
const boundOf = (text: string) => (/^\d+$/.test(text) ? Number(text) : text);

export function Replay({ of: { id, replays }, changed }: { of: WebhookReport; changed: () => void }) {
  const [from, setFrom] = useState("1");
  const [to, setTo] = useState("");
  const path = `${segments("webhooks", id)}/replay`;
  const body = { from: boundOf(from.trim()), ...(to.trim() === "" ? {} : { to: boundOf(to.trim()) }) };
  return (
    <Section title="Send again">
      <p class="dim">Events that did arrive are sent again, each under a new id. Give positions, or times such as 2026-11-21T06:00:00Z.</p>
      <div class="row">
        <label class="row">
          From <input class="short" value={from} onInput={({ currentTarget }) => setFrom(currentTarget.value)} />
        </label>
        <label class="row">
          to <input class="short" value={to} placeholder="the head" onInput={({ currentTarget }) => setTo(currentTarget.value)} />
        </label>
        <Act
          label="Replay"
          right="admin"
          call={{ method: "POST", path, body }}
          before={async (signal) => {
            const answer = await call(`${path}?dryRun=true`, { method: "POST", body, signal });
            const { events, position, to: end } = answer.body as Count;
            return (
              <>
                <strong>
                  {position < end ? "At least " : ""}
                  {counted(events, "event")}
                </strong>{" "}
                would be sent again, up to position {count(end)}.
              </>
            );
          }}
          done={({ to: end }: { to: number }) => `The replay up to position ${count(end)} has begun.`}
          then={changed}
        />
      </div>
      {replays.map((one) => (
        <p key={one.id}>
          Replay {one.id}: position {count(one.position)} of {count(one.to)}
          <progress aria-label={`Replay ${one.id}`} max={one.to} value={one.position} />
        </p>
      ))}
    </Section>
  );
}
