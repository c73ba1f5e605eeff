/** What a stream of a joined category had at a position: the data of its latest event, deleted or erased streams apart. */

import type { StreamObjectRpc } from "../store/import-protocol.ts";
import type { StreamPage } from "../store/stream-reads.ts";
import { MAX_POSITION } from "../core/limits.ts";
import type { JsonValue } from "../core/event.ts";
import { liftError } from "../definitions/upcast.ts";
import { JOINED_EVENTS } from "./limits.ts";

/** What counts is not among the events that were read. */
const FURTHER = Symbol("further");

type Readable = Pick<StreamObjectRpc, "read">;
type Read = StreamPage["events"][number];

/** What was found; undefined: the stream has nothing. An error: what it has cannot be read. */
export type LatestData = JsonValue | Error;

/**
 * The data of the stream's latest event at or before a position of the log. What a read shows is in the log, or will come after its head:
 * so a question about a position that the log has is answered alike ever after, until the stream is deleted.
 */
export async function latestAt(stream: Readable, position: number): Promise<LatestData> {
  const latest = await page(stream, MAX_POSITION);
  const found = pick(latest.events, position);
  if (found !== FURTHER || latest.next === undefined) return found === FURTHER ? undefined : found;
  // Whatever was read is later: find the last version that is not.
  let [before, beyond] = latest.events.some((event) => isAt(event, position)) ? [latest.next, latest.next + 1] : [0, latest.next + 1];
  while (before + 1 < beyond) {
    const middle = Math.floor((before + beyond) / 2);
    const { events, deleted } = await stream.read({ from: middle, to: middle, limit: 1, direction: "forward", positions: true });
    if (deleted) return undefined;
    if (events.some((event) => isAt(event, position))) before = middle;
    else beyond = middle;
  }
  for (let to: number | undefined = before; to !== undefined && to > 0;) {
    const { events, next }: StreamPage = await page(stream, to);
    const found = pick(events, position);
    if (found !== FURTHER) return found;
    to = next;
  }
  return undefined;
}

function page(stream: Readable, to: number): Promise<StreamPage> {
  return stream.read({ from: 1, to, limit: JOINED_EVENTS, direction: "backward", positions: true });
}

/** The data of the first of these events, the latest first, that counts; or it is further back. */
function pick(events: readonly Read[], position: number): LatestData | typeof FURTHER {
  const event = events.find((one) => isAt(one, position) && !one.type.startsWith("$"));
  if (!event) return FURTHER;
  if (event.erased) return undefined;
  return liftError(event) ?? (JSON.parse(event.data) as JsonValue);
}

/** An event without a position is not in the log yet: it will be after everything that is. */
function isAt(event: Read, position: number): boolean {
  return event.position !== undefined && event.position <= position;
}
