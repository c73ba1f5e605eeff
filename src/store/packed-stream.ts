/**
 * What goes to a stream's object and comes back where it may have many events: they travel as one string ({@link EventsText}). The object
 * also takes events as they are, and answers those callers likewise.
 */

import { columnsOf, columnsText, valueAt } from "../core/columns.ts";
import { type EventsText, eventsOf, eventsText, textOf } from "./events-text.ts";
import type { HeldImport, ImportPart, ImportRefusal, ImportedEvent, StreamObjectRpc } from "./import-protocol.ts";
import type { AppendAnswer, AppendEvent, AppendRequest, EventReference, Written } from "./stream-protocol.ts";
import type { StreamPage, StreamReadRequest } from "./stream-reads.ts";

/** Events of a request, which have no versions yet. */
type Sent = Pick<EventsText, "count" | "text">;

export interface PackedAppend extends Omit<AppendRequest, "events"> {
  readonly packed: Sent;
}

export interface PackedImport extends Omit<ImportPart, "events"> {
  readonly packed: Sent;
}

export interface PackedWritten extends Omit<Written, "events"> {
  /** Columns of ids and types. */
  readonly packed: EventsText;
  /** The position of the first, if they follow each other; a list: of each. Absent: none has one. */
  readonly positions?: number | readonly (number | undefined)[];
}

export interface PackedStreamPage extends Omit<StreamPage, "events"> {
  readonly packed: EventsText;
  /** Of each, if they do not follow each other. */
  readonly versions?: readonly number[];
  readonly positions?: readonly (number | undefined)[];
  readonly unlifted?: readonly (string | undefined)[];
}

export interface PackedHeld extends Omit<HeldImport, "older"> {
  readonly packed: EventsText;
}

/** A stream's object as it is called. */
export interface StreamWire extends Omit<StreamObjectRpc, "append" | "read" | "checkImport" | "holdImport"> {
  append(request: AppendRequest | PackedAppend): Promise<AppendAnswer | PackedWritten>;
  read(request: StreamReadRequest & { readonly packed?: true }): Promise<StreamPage | PackedStreamPage>;
  checkImport(events: readonly ImportedEvent[] | Sent): Promise<ImportRefusal | undefined>;
  holdImport(part: ImportPart | PackedImport): Promise<HeldImport | PackedHeld>;
}

/** A stream's object for all other parts of the store. */
export function streamClient(object: StreamWire): StreamObjectRpc {
  return {
    execute: (request) => object.execute(request),
    dryRun: (request) => object.dryRun(request),
    command: (commandId, waitMs) => object.command(commandId, waitMs),
    state: (...version) => object.state(...version),
    remove: (request) => object.remove(request),
    append: async ({ events, ...request }) => {
      const answer = await object.append({ ...request, packed: sent(events) });
      return "packed" in answer ? unpackedWritten(answer) : answer;
    },
    read: async (request) => {
      const page = await object.read({ ...request, packed: true });
      return "packed" in page ? unpackedPage(page) : page;
    },
    checkImport: (events) => object.checkImport(sent(events)),
    holdImport: async ({ events, ...part }) => {
      const held = await object.holdImport({ ...part, packed: sent(events) });
      if (!("packed" in held)) return held;
      const { packed, ...rest } = held;
      return { ...rest, older: eventsOf(packed) };
    },
  };
}

function sent(events: readonly (AppendEvent & { readonly erased?: boolean })[]): Sent {
  const text = textOf(events.map(({ id = "", time = null, ...event }) => ({ ...event, id, time, version: 0, recordedAt: 0 })));
  return { count: events.length, text };
}

/** The events of a request. */
export function received({ count, text }: Sent): ImportedEvent[] {
  return eventsOf({ first: 0, count, text }).map(({ id, type, data, meta, time, schemaVersion, trace, erased }) => ({
    type,
    data,
    meta,
    schemaVersion,
    ...((id === "" ? {} : { id }) as { id: string }), // an import's event has one
    ...(time === null ? {} : { time }),
    ...(trace ? { trace } : {}),
    ...(erased ? { erased } : {}),
  }));
}

export function packedWritten({ events, ...written }: Written): PackedWritten {
  const first = events[0]?.version ?? 0;
  const text = columnsText([events.map(({ id }) => id), events.map(({ type }) => type)]);
  const at = events[0]?.position;
  const follow = events.every(({ position }, index) => position === (at === undefined ? undefined : at + index));
  const positions = follow ? at : events.map(({ position }) => position);
  return { ...written, packed: { first, count: events.length, text }, ...(positions === undefined ? {} : { positions }) };
}

function unpackedWritten({ packed: { first, count, text }, positions, ...written }: PackedWritten): Written {
  const [ids, types] = columnsOf(text, count);
  const events = Array.from({ length: count }, (_, at): EventReference => {
    const position = typeof positions === "number" ? positions + at : positions?.[at];
    return { id: valueAt(ids, at), version: first + at, ...(position === undefined ? {} : { position }), type: valueAt(types, at) };
  });
  return { ...written, events };
}

export function packedPage({ events, ...page }: StreamPage): PackedStreamPage {
  const packed = eventsText(events);
  return {
    ...page,
    packed,
    ...(events.every(({ version }, at) => version === packed.first + at) ? {} : { versions: events.map(({ version }) => version) }),
    ...(events.some(({ position }) => position !== undefined) ? { positions: events.map(({ position }) => position) } : {}),
    ...(events.some(({ unlifted }) => unlifted !== undefined) ? { unlifted: events.map(({ unlifted }) => unlifted) } : {}),
  };
}

function unpackedPage({ packed, versions, positions, unlifted, ...page }: PackedStreamPage): StreamPage {
  const events = eventsOf(packed);
  if (!versions && !positions && !unlifted) return { ...page, events };
  return {
    ...page,
    events: events.map((event, at) => ({
      ...event,
      ...(versions ? { version: versions[at] ?? 0 } : {}),
      ...(positions ? { position: positions[at] } : {}),
      ...(unlifted?.[at] === undefined ? {} : { unlifted: unlifted[at] }),
    })),
  };
}

export function packedHeld({ older, ...held }: HeldImport): PackedHeld {
  return { ...held, packed: eventsText(older) };
}
