/** How fast processors follow the log: a reactor in code, and the same declared over HTTP, without a join and with one. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../scripts/client.ts";

/** Facts that each processor answers with one event, and streams that they are spread over. */
const FACTS = Number(process.env["FACTS"] ?? 2_000);
const STREAMS = 500;
/** Appends under way at once. */
const WRITERS = 20;

const EMIT = { emit: { to: "copy", type: "event.type", id: "event.streamId + '-http'" } };
const JOIN = { join: { with: "marks", by: "event.streamId", as: "mark" } };
const DECLARED = {
  "copy-http": { from: "mark", steps: [{ filter: "data.n >= 0" }, EMIT] },
  "copy-joined": {
    from: "mark",
    steps: [JOIN, { set: { n: "mark.count" } }, { emit: { ...EMIT.emit, id: "event.streamId + '-joined'" } }],
  },
};
const MEASURED = {
  "a reactor in code": "copy-in-code",
  "the same over HTTP": "copy-http",
  "over HTTP, with a join": "copy-joined",
};

export async function measureProcessors(client: Client): Promise<void> {
  for (const [name, definition] of Object.entries(DECLARED)) await client.call(`/processors/${name}`, definition, {}, "PUT");
  const names = Object.values(MEASURED);
  await Promise.all(names.map((name) => client.call(`/consumers/${name}/pause`, {})));
  for (let sent = 0; sent < FACTS; sent += WRITERS) {
    const facts = Array.from({ length: WRITERS }, (_, index) => sent + index);
    await Promise.all(
      facts.map((n) => client.call(`/streams/mark/m-${n % STREAMS}`, { type: "Marked", data: { n } }, { prefer: "wait=30" })),
    );
  }
  const { head } = await client.get<{ head: number }>("/log/head");
  const results: Record<string, object> = {};
  for (const [what, name] of Object.entries(MEASURED)) {
    const began = performance.now();
    await client.call(`/consumers/${name}/resume`, {});
    while ((await client.get<{ position: number }>(`/consumers/${name}`)).position < head) await sleep(20);
    results[what] = { "events/s": Math.round((FACTS * 1_000) / (performance.now() - began)) };
    await client.call(`/consumers/${name}/pause`, {});
  }
  console.log(`\n${FACTS.toLocaleString("en")} events, each answered with one on ${STREAMS} streams\n`);
  console.table(results);
}
