/** What comes from strangers: bad input, events of other stores, and the wish to be forgotten. */

import { isDeepStrictEqual } from "node:util";
import { DELETED } from "../../src/core/event.ts";
import type { History } from "./history.ts";
import { type Check, placeOf } from "./verdict.ts";
import type { Write } from "./writes.ts";

/** What was refused has left nothing, and what was imported is as it was sent. */
export function strangersLeftWhatTheyShould(
  histories: ReadonlyMap<string, History>,
  writes: readonly Write[],
  refused: number,
  odd: readonly string[],
): Check[] {
  const left = [...histories.values()].flatMap(({ store, events }) =>
    events
      .filter(({ stream, meta }) => stream.includes("/bad-") || String(meta.correlationId).startsWith("bad-"))
      .map((event) => `${store}: a refused request has left ${placeOf(event)}`),
  );
  const imports = writes.filter(({ fate, imported }) => fate === "acknowledged" && imported);
  const differ = imports.flatMap((write) => {
    // Where it is and when it was stored is this store's own.
    const stored = (histories.get(write.store)?.storedBy(write) ?? []).map(
      ({ version: _version, position: _position, recordedAt: _recordedAt, ...event }) => event,
    );
    return isDeepStrictEqual(stored, write.imported)
      ? []
      : [`${write.id}: ${JSON.stringify(stored)} instead of ${JSON.stringify(write.imported)}`];
  });
  const unerased = [...histories.values()].flatMap(({ store, erased, events }) =>
    events
      .filter(({ stream, type }) => erased.has(stream) && type !== DELETED)
      .filter(({ erased, data, meta }) => !erased || Object.keys(data).length + Object.keys(meta).length > 0)
      .map((event) => `${store}: ${placeOf(event)} was erased, and can still be read`),
  );
  return [
    { promise: 9, what: "bad input was refused and left nothing", count: refused, violations: [...odd, ...left] },
    { promise: 1, what: "imported events are as they were sent", count: imports.length, violations: differ },
    {
      promise: 9,
      what: "what was erased can be read nowhere in the log",
      count: [...histories.values()].reduce((sum, { erased }) => sum + erased.size, 0),
      violations: unerased,
    },
  ];
}
