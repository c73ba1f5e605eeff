/** Whether the store heals by itself: watched from outside and on its disk, without a request that could make it do anything. */

import { setTimeout as sleep } from "node:timers/promises";
import type { EventFilter } from "../../src/core/event.ts";
import { matches } from "../../src/log/filter.ts";
import type { Disk } from "./disk.ts";
import { History, consequences } from "./history.ts";
import { placeOf } from "./verdict.ts";
import type { Endpoint, Event, Follower } from "./witnesses.ts";
import type { Write } from "./writes.ts";

/** Within this everything must be at rest: alarms come back with the store, and the log sends wake-ups again after five seconds, at most sixty. */
const HEALING_MS = 120_000;
/** How often to say what is still to come. */
const TELL_MS = 10_000;

export interface Watched {
  readonly disk: Disk;
  readonly stores: readonly string[];
  /** One of each store sees everything. */
  readonly followers: readonly Follower[];
  readonly endpoints: readonly Endpoint[];
  readonly writes: readonly Write[];
  /** Views and processors, each with the events that it handles. */
  readonly consumers: ReadonlyMap<string, EventFilter>;
}

/** @returns how long it took (milliseconds), and what has not come */
export async function heal(watched: Watched, tell: (line: string) => void): Promise<{ ms: number; missing: string[] }> {
  const start = Date.now();
  for (let told = start; ;) {
    const missing = missingIn(watched);
    if (missing.length > 0 && Date.now() - told > TELL_MS) {
      told = Date.now();
      tell(`${missing.length} are still to come, among them: ${missing.at(-1)}`);
    }
    if (missing.length === 0 || Date.now() - start > HEALING_MS) return { ms: Date.now() - start, missing };
    await sleep(500);
  }
}

/** The position of the last event that concerns a consumer: it must have come that far. What comes after it, its checkpoint may leave out. */
export function lastFor(filter: EventFilter, events: readonly Event[]): number {
  return events.findLast((event) => matches(filter, event))?.position ?? 0;
}

function missingIn({ disk, stores, followers, endpoints, writes, consumers }: Watched): string[] {
  const missing: string[] = [];
  for (const store of stores) {
    const ofStore = followers.filter((follower) => follower.store === store);
    const seen = ofStore.find(({ name }) => name === "server-sent events")?.seen ?? [];
    const history = new History(store, seen);
    for (const write of writes) {
      if (write.store !== store || write.fate !== "acknowledged") continue;
      if (history.storedBy(write).length < write.types.length) missing.push(`${write.id} (${write.stream}) was acknowledged`);
    }
    for (const { of, what, found } of consequences(history)) if (found.length === 0) missing.push(`${what} (${placeOf(of)})`);
    for (const { name, seen: others, matches } of ofStore) {
      const count = name === "server-sent events" ? seen.length : seen.filter(matches).length;
      if (others.length < count) missing.push(`${name} is at ${placeOf(others.at(-1))}`);
    }
    for (const endpoint of endpoints.filter((one) => one.store === store)) {
      const { positions } = endpoint;
      // What was erased before it was sent is not sent any more.
      const isErased = ({ stream }: Event) => history.erased.has(stream);
      const absent = seen.filter((event) => endpoint.wants(event) && !positions.has(event.position) && !isErased(event));
      const owed = endpoint.owedByReplays(seen).find(({ event }) => !isErased(event));
      if (owed) missing.push(`the ${endpoint.name} of ${store} has not got ${placeOf(owed.event)} by its replay ${owed.run}`);
      if (absent.length > 0)
        missing.push(`the ${endpoint.name} of ${store} has not got ${placeOf(absent[0])}, and ${absent.length - 1} more`);
    }
    // Reading the disk takes longest.
    if (missing.length > 0) continue;
    const checkpoints = disk.checkpoints().filter((one) => one.store === store);
    for (const [name, filter] of consumers) {
      const { position = 0, rebuilding = false } = checkpoints.find(({ consumer }) => consumer === name) ?? {};
      const last = lastFor(filter, seen);
      if (position < last) missing.push(`${name} of ${store} is at ${position} of ${last}`);
      if (rebuilding) missing.push(`${name} of ${store} is being built again`);
    }
    const readable = disk.memos();
    for (const stream of history.erased)
      if (readable.has(`${store} ${stream}`)) missing.push(`${stream} of ${store} was erased, and can still be read on the disk`);
  }
  return missing;
}

/** What the disk has of streams and logs at rest. */
export function compare(
  disk: Disk,
  stores: readonly string[],
  writes: readonly Write[],
): { events: number; asleep: string[]; violations: string[] } {
  const acknowledged = new Map(writes.filter(({ fate }) => fate === "acknowledged").map((write) => [`${write.store} ${write.id}`, write]));
  const asleep: string[] = [];
  const violations: string[] = [];
  let events = 0;
  const streams = disk.streams();
  for (const store of stores) {
    const log = disk.log(store);
    const inStreams = new Map<string, string>();
    for (const [name, ofStream] of streams) {
      if (!name.startsWith(`${store}/`)) continue;
      const stream = name.slice(store.length + 1);
      for (const { id, version, type, correlationId } of ofStream) {
        events++;
        inStreams.set(`${stream}/${version}`, id);
        if (log.has(`${stream}/${version}`)) continue;
        // Never acknowledged, and nobody has asked since: it is in the stream, and will be in the log when somebody does.
        asleep.push(`${store} ${stream}/${version} ${type}`);
        if (acknowledged.get(`${store} ${correlationId}`)?.stream === stream)
          violations.push(`${store}: ${type} (${stream}, ${version}) was acknowledged, and is not in the log`);
      }
    }
    for (const [place, id] of log)
      if (inStreams.get(place) !== id) violations.push(`${store}: the log has ${id} at ${place}, the stream has ${inStreams.get(place)}`);
  }
  return { events, asleep, violations };
}
