/** Events to hand to a log. */

import type { StoredEvent } from "../../../src/core/event.ts";

/** An event with a data of so many characters. */
export function storedEvent(version: number, type = "Some", characters = 0): StoredEvent {
  return {
    version,
    id: `00000000-0000-4000-8000-${String(version).padStart(12, "0")}`,
    type,
    data: JSON.stringify({ version, ...(characters === 0 ? {} : { text: "x".repeat(characters) }) }),
    meta: "{}",
    time: null,
    recordedAt: 1_700_000_000_000,
    schemaVersion: 1,
  };
}

export function storedEvents(from: number, to: number, type?: string, characters?: number): StoredEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => storedEvent(from + index, type, characters));
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
