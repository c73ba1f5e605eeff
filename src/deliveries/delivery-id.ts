/** Identifies a delivery, for operators and for receivers. Pure. */

import { derivedId } from "../core/ids.ts";

/** A delivery: its run and position. */
export interface Key {
  readonly run: number;
  readonly position: number;
}

/** The id of a delivery, as operators use it. */
export function deliveryId({ run, position }: Key): string {
  return run === 0 ? String(position) : `${position}-${run}`;
}

/** The delivery with this id. */
export function parseDeliveryId(id: string): Key | undefined {
  const [, position, run = "0"] = /^(\d{1,15})(?:-([1-9]\d{0,8}))?$/.exec(id) ?? [];
  return position === undefined ? undefined : { run: Number(run), position: Number(position) };
}

/**
 * The `webhook-id`: the same over all attempts, another one for every delivery. It has no dot, because dots separate the parts of the
 * signed text.
 */
export function messageId(store: string, webhook: string, { run, position }: Key): string {
  return `msg_${derivedId("webhook", store, webhook, run, position).replaceAll("-", "")}`;
}
