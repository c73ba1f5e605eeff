/** Recognises an append that was stored before (promise 8), by its key or by its events' ids. */

import { createHash } from "node:crypto";
import { versionInId } from "../core/ids.ts";
import { canonical, sameJson } from "../core/json.ts";
import type { StoredEvent } from "../core/event.ts";
import type { AppendEvent, AppendRequest, IdempotencyConflict } from "../store/stream-protocol.ts";
import type { StreamEvents } from "./stream-events.ts";
import type { GivenId, Receipts } from "./receipts.ts";

/** The versions that the first of equal requests stored. */
export interface Replay {
  readonly outcome: "replay";
  readonly first: number;
  readonly last: number;
}

/** A short string that is the same for the same content. Synchronous, so that no other request comes in between. */
export function fingerprint(content: unknown): string {
  return createHash("sha256").update(canonical(content)).digest("base64url");
}

/** The request's versions in the stream if it is stored already, a conflict if only part of it or something similar is, else undefined. */
export function findReplay(events: StreamEvents, receipts: Receipts, request: AppendRequest): Replay | IdempotencyConflict | undefined {
  if (request.idempotencyKey !== undefined) {
    const { found: receipt } = receipts.find(request.idempotencyKey, request.firstStands === true);
    if (receipt) {
      const { first, last, fingerprint } = receipt;
      const same = request.firstStands || sameWrite(request, events.range(first, last), fingerprint);
      return same ? { outcome: "replay", first, last } : conflict("this idempotency key was used before with other content");
    }
  }
  return findById(events, receipts, request);
}

function findById(events: StreamEvents, receipts: Receipts, request: AppendRequest): Replay | IdempotencyConflict | undefined {
  const given = request.events.flatMap(({ id }) => id ?? []);
  if (new Set(given).size < given.length) return conflict("this append has the same event id twice");
  for (const [index, { id }] of request.events.entries()) {
    const known = id === undefined ? undefined : eventOf(events, receipts, id, request.firstStands);
    if (!known) continue;
    const { version, fingerprint } = known;
    // One event is known, so this is a repeat of the append that stored it, whole and in order, or a conflict.
    const { first, last } = events.appendAround(version);
    const same =
      version === first + index &&
      (request.firstStands ? last - first + 1 === request.events.length : sameWrite(request, events.range(first, last), fingerprint));
    return same ? { outcome: "replay", first, last } : conflict(`event id ${id} is version ${version} of this stream, with other content`);
  }
  return undefined;
}

/** The version of the event with this id, if we made the id: such ids contain it. The others are recorded in the receipts. */
export function ownVersionOf(events: StreamEvents, id: string): number | undefined {
  const named = versionInId(id);
  return named > 0 && events.idAt(named) === id ? named : undefined;
}

/** @param ours a processor asks; its ids are always recorded */
function eventOf(events: StreamEvents, receipts: Receipts, id: string, ours = false): GivenId | undefined {
  const { found } = receipts.findEventId(id, ours);
  if (found || ours) return found;
  const version = ownVersionOf(events, id);
  return version === undefined ? undefined : { version, fingerprint: null };
}

/**
 * Whether this is the request that stored these events. The fingerprint compares what the client sends with what it sent then: what is
 * stored may have defaults from a schema, and a correlation id from a header. Only without a fingerprint (an import, version 0.1) the
 * stored events are compared.
 */
function sameWrite({ events: asked, fingerprint }: AppendRequest, stored: readonly StoredEvent[], known: string | null): boolean {
  if (!known || fingerprint === undefined) return sameContent(asked, stored);
  const sameIds = asked.length === stored.length && asked.every(({ id }, index) => id === undefined || id === stored[index]?.id);
  return sameIds && fingerprint === known;
}

function sameContent(asked: readonly AppendEvent[], stored: readonly StoredEvent[]): boolean {
  return asked.length === stored.length && asked.every((event, index) => sameEvent(event, stored[index]));
}

/** Whether an event of a request is the stored one. */
export function sameEvent(asked: AppendEvent, stored: StoredEvent | undefined): boolean {
  return (
    stored !== undefined &&
    (asked.id === undefined || asked.id === stored.id) &&
    asked.type === stored.type &&
    (asked.time ?? null) === stored.time &&
    sameJson(asked.meta, stored.meta) &&
    sameJson(asked.data, stored.data)
  );
}

function conflict(detail: string): IdempotencyConflict {
  return { outcome: "idempotency-conflict", detail };
}
