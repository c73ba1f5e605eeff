/**
 * What a source follows outside, as an interface: a new kind of source (a database, a broker) is one file that implements it. Two sorts:
 * most are *read*, by the source's object, over a connection; to some the platform *brings* messages.
 *
 * The engine keeps the promises (each change once, in order, whatever crashes); a kind only has to read the same changes again, under the
 * same ids, until the engine acknowledges them.
 */

import type * as z from "zod";
import type { JsonObject, JsonValue } from "../../core/event.ts";
import type { JsonSchema } from "../../schemas/json-schema.ts";

/** A change outside: a row of a table that was written, a message of a broker. */
export interface Change {
  /**
   * Names it within what the source follows. It is the same however often the change is read, and no other change has it: the id of the
   * event is derived from it. At most 512 characters.
   */
  readonly id: string;
  /** Where it is outside, for people: an LSN with a number, a sequence number. Also how an operator names it, to skip it: so no other change has it. */
  readonly position: string;
  /** What expressions and functions see of it. Plain JSON. */
  readonly value: JsonObject;
  /** When it happened outside (RFC 3339 with milliseconds and `Z`), if that is known: the event's `time`. */
  readonly time?: string;
  /**
   * Why no event can be made of it: a message that lacks the id which the definition names. The source fails at it, unless `where` says
   * that it is of no concern.
   */
  readonly unreadable?: string;
}

/** How much is left to read. What a kind cannot tell cheaply is absent. */
export interface SourceLag {
  /** Changes that are not read yet. */
  readonly entries?: number;
  /** Bytes that the outside keeps for this source. */
  readonly bytes?: number;
  /** Age of the first change that is not read yet. */
  readonly seconds?: number;
}

/** What one read gives. */
export interface Portion {
  /** In order. None: there is nothing new now; with `hasMore`: the source stays connected and reads again. */
  readonly changes: readonly Change[];
  /**
   * What the kind wants to know at its next connection. It is kept together with the progress, once all changes of the portion are
   * stored: before that the next connection gets the earlier one, and reads these changes again. Absent: it stays as it is. At most
   * 64 KiB of JSON.
   */
  readonly cursor?: JsonValue;
  /** Where the source is when the portion is stored, for people. Absent: where it was. */
  readonly position?: string;
  /** Whether reading again at once may give more. */
  readonly hasMore: boolean;
  /** What is left after this portion. */
  readonly lag?: SourceLag;
  /** What an operator should know although it works: shown with the source until a portion comes without it, and a line in the logs when it is new. */
  readonly warning?: string;
}

/** A connection of a source to what it follows. The engine calls one method at a time. */
export interface Connection {
  /**
   * The next changes, at most this many (a transaction, or whatever else cannot be cut, may be more). It may wait for them for as long as
   * the kind likes, up to 10 s.
   *
   * After a portion that was not acknowledged, it goes on behind that portion: the engine reads ahead only where it then acknowledges in
   * order.
   */
  read(limit: number): Promise<Portion>;
  /** The portion is stored for good: it need not be kept outside any more. A crash may come before this call. */
  acknowledge(portion: Portion): Promise<void>;
  /** Ends the connection. Never throws. */
  close(): Promise<void>;
}

/** What a kind gets from the engine. */
export interface SourceContext {
  /** The names of the store and of the source: to name what is made outside for it. */
  readonly store: string;
  readonly source: string;
  /** What the last stored portion had as its cursor; undefined: the source begins, or begins again after a reset. */
  readonly cursor: JsonValue | undefined;
  /**
   * The deployment's variable, secret or binding with this name.
   *
   * @throws {SourceStopped} when there is none
   */
  binding(name: string): unknown;
}

/**
 * The source cannot go on by itself, and trying again would not help: a slot that is gone, a name that no binding has. It stops until an
 * operator resumes or resets it, or its definition changes. Every other error is tried again, less and less often.
 */
export class SourceStopped extends Error {
  override readonly name = "SourceStopped";
}

interface KindBase<Settings extends object> {
  /** As definitions name it in `kind`: `postgres`. */
  readonly name: string;
  /** What a definition of this kind has besides what all have. A strict object. None of its names may be one of those: see `source.ts`. */
  readonly settings: z.ZodType<Settings>;
  /** What is known of `change` in expressions. `true`: nothing. */
  readonly change: JsonSchema | ((settings: Settings) => JsonSchema);
  /** Names of the variables and bindings that these settings use: a definition that names a missing one is refused. */
  needs(settings: Settings): readonly string[];
}

/** A kind whose changes the source's object reads. */
export interface ReadKind<Settings extends object = object> extends KindBase<Settings> {
  readonly isBrought?: false;
  /** Milliseconds between two connections when there is nothing new, unless the definition says otherwise. */
  readonly everyMs: number;
  /** @throws {SourceStopped} */
  connect(settings: Settings, context: SourceContext): Promise<Connection>;
  /**
   * Removes what the kind keeps outside for this source, because it begins again (`reset`), or ends (`remove`). The cursor is that of the last
   * stored portion; the next connection gets none.
   */
  forget?(settings: Settings, context: SourceContext, why: "reset" | "remove"): Promise<void>;
}

/** A kind whose messages the platform brings to the worker: a queue of Cloudflare. */
export interface BroughtKind<Settings extends object = object> extends KindBase<Settings> {
  readonly isBrought: true;
  /** The queue that the messages come from. */
  queueOf(settings: Settings): string;
  /** @throws when the message is none that this source can read: then the source fails at it, as at any other change */
  changeOf(settings: Settings, message: { readonly id: string; readonly timestamp: number; readonly body: JsonValue }): Change;
}

/** A kind of sources: one that reads, or one whose messages are brought. */
export type SourceKind<Settings extends object = object> = ReadKind<Settings> | BroughtKind<Settings>;

// oxlint-disable-next-line typescript/no-explicit-any -- of any settings: a kind is used only with those that it has checked
export type AnySourceKind = SourceKind<any>;
