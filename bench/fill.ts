/** Filling the log of growth-worker.ts with events of made-up streams. */

import type { Client } from "../scripts/client.ts";

/** Events of one request. */
const PIECE = 10_000;

/** Events from one number to another, in turns of so many streams. */
export async function fill(client: Client, from: number, to: number, streams: number): Promise<void> {
  for (let filled = from; filled < to;) {
    const end = Math.min(filled + PIECE, to);
    const { status } = await client.call(`/fill?from=${filled}&to=${end}&streams=${streams}`, {});
    if (status !== 204) throw new Error(`the log could not be filled: ${status}`);
    filled = end;
  }
}
