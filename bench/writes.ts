/** Commands and appends: with the log, and with a view that follows it. */

import { type Pair, compare } from "./compare.ts";

const STREAMS = 1_000;
const COMMAND = `{"by":1}`;
const READ = { type: "Read", data: { value: 21.5, room: "kitchen" } };

export async function writes(pair: Pair): Promise<void> {
  await compare(pair, {
    what: "commands on 1,000 streams, log and one view on",
    unit: "commands/s",
    floor: (number) => ({ path: `/counter/${number % STREAMS}`, body: COMMAND }),
    store: (number) => ({ path: `/aggregates/counter/${number % STREAMS}/Add`, body: COMMAND }),
  });
  await compare(pair, {
    what: "commands on one stream, log and one view on",
    unit: "commands/s",
    floor: () => ({ path: `/counter/hot`, body: COMMAND }),
    store: () => ({ path: `/aggregates/counter/hot/Add`, body: COMMAND }),
  });
  for (const events of [1, 10, 100, 1_000]) {
    const body = JSON.stringify({ events: Array.from({ length: events }, () => READ) });
    await compare(pair, {
      what: `appends of ${events.toLocaleString("en")} to 50 streams`,
      unit: "events/s",
      each: events,
      ...(events === 1_000 ? { clients: 4 } : {}),
      floor: (number) => ({ path: `/reading/${events}-${number % 50}`, body }),
      store: (number) => ({ path: `/streams/reading/${events}-${number % 50}`, body }),
    });
  }
}
