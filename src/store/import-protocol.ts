/** What an import sends to the streams, and what they answer. Fields may be added as optional, never renamed or removed. */

import type { StoredEvent } from "../core/event.ts";
import type { AppendEvent, StreamRpc } from "./stream-protocol.ts";

/** An event of another store. The stream skips those that it has already, by their ids. */
export type ImportedEvent = AppendEvent & { readonly id: string; readonly erased?: boolean };

/** The first event that a stream refuses; those before it are fine. */
export interface ImportRefusal {
  readonly outcome: "idempotency-conflict" | "deleted";
  readonly detail: string;
  readonly index: number;
}

/** One stream's part in a piece of an import. */
export interface ImportPart {
  readonly events: readonly ImportedEvent[];
  /** The stream's version in the log, if the log has reported it. */
  readonly inLog?: number;
  /** An event with a known id is the same event, whatever its content is: a source derived the id from what it read. */
  readonly firstStands?: boolean;
}

/** What a stream has stored of its part, which the importer now brings into the log together with the parts of other streams. */
export interface HeldImport {
  /** How many events are new. */
  readonly stored: number;
  /** The version of each event that was taken, in the order given. */
  readonly versions: readonly number[];
  /** The stream's version before; events above it are new, and were recorded at `recordedAt` (milliseconds since 1970). */
  readonly before: number;
  readonly recordedAt: number;
  /** The stream's version in the log, most probably. */
  readonly inLog: number;
  /** Older events that follow it: the log needs them before it takes the part. If there are very many, only the first of them. */
  readonly older: readonly StoredEvent[];
  readonly refused?: ImportRefusal;
}

interface ImportRpc {
  /** The first of these events that {@link holdImport} would refuse. Stores nothing. */
  checkImport(events: readonly ImportedEvent[]): Promise<ImportRefusal | undefined>;
  /**
   * Stores them, and for some seconds leaves it to the importer to bring them into the log: so the log gets the events of many streams in
   * the order of their lines.
   */
  holdImport(part: ImportPart): Promise<HeldImport>;
}

/** All calls to a stream's object. */
export type StreamObjectRpc = StreamRpc & ImportRpc;
