/** An event of an import: as it is in its line, and as its stream stores it and the log takes it. */

import type { StoredEvent } from "../core/event.ts";
import type { ImportedEvent } from "./import-protocol.ts";

/** @param recordedAt milliseconds since 1970 */
export function storedAs(event: ImportedEvent, version: number, recordedAt: number): StoredEvent {
  const { id, type, data, meta, time = null, schemaVersion, erased } = event;
  return { version, id, type, data, meta, time, recordedAt, schemaVersion, ...(erased ? { erased } : {}) };
}
