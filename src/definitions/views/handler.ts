/** What a view does with an event: the three forms that a handler may have, and the one in which the engine calls it. Pure. */

import { type DELETED, type Frozen, type JsonValue, type RecordedEvent, streamIdOf } from "../../core/event.ts";
import type { EventOf, EventOfType, Followed } from "../followed.ts";
import type { AnyFunction, HandlersOf, Nobody, Undeclared } from "../handlers.ts";
import { type RowWrite, type RowWriter, rowWriter } from "./row-writer.ts";

/**
 * Returns the next row from the row so far, which is frozen; `null` removes the row, and the row so far is `undefined` if there is none.
 */
export type Fold<Row, Event> = (row: Frozen<Row> | undefined, event: Event, key: string) => Frozen<Row> | null;

/** A fold of the rows that an event names. */
export interface RowsHandler<Row, Event> {
  /** The key or keys of the rows this event touches. */
  readonly at: (event: Event) => string | readonly string[];
  readonly fold: Fold<Row, Event>;
}

/** A change of rows by SQL. */
export interface SqlHandler<Event> {
  /**
   * Changes rows that only the database can find: all orders of a customer, say. Its SQL is not checked against the row's schema. Write
   * it with the {@link sql} tag. A view with such a handler has no live stream.
   */
  readonly sql: (event: Event, rows: RowWriter) => RowWrite | readonly RowWrite[];
}

/** What an event does to a view: a fold of the row named like the event's stream, or of the rows that `at` names. */
export type ViewHandler<Row, Event> = Fold<Row, Event> | RowsHandler<Row, Event> | SqlHandler<Event>;

/** The one of the three forms that a handler has. */
type InItsForm<Row, Event, Given> = [Given] extends [Nobody]
  ? Given
  : [Given] extends [AnyFunction]
    ? Fold<Row, Event>
    : [Given] extends [{ readonly fold: unknown }]
      ? RowsHandler<Row, Event>
      : [Given] extends [{ readonly sql: unknown }]
        ? SqlHandler<Event>
        : ViewHandler<Row, Event>;

/** The end of a stream, as the handler of `$deleted` gets it. */
type Deletion = RecordedEvent<typeof DELETED, { readonly erased: boolean }>;

/** Handlers by event type, whatever they are. */
export type AnyHandlers<From extends Followed> = HandlersOf<From, typeof DELETED>;

/** The handlers of a view. */
export type HandlersLike<On, From extends Followed, Row> = {
  readonly [Type in keyof On]: Type extends typeof DELETED
    ? InItsForm<Row, Deletion, On[Type]>
    : Type extends EventOf<From>["type"]
      ? InItsForm<Row, EventOfType<From, Type>, On[Type]>
      : Undeclared<Type>;
};

/** A handler as the engine calls it. Not a {@link Fold}: freezing a row of unknown columns is too deep for the compiler. */
export interface ErasedHandler {
  readonly at: (event: RecordedEvent) => readonly string[];
  readonly fold: ErasedFold;
  /** It touches no other row than the one named like the event's stream. */
  readonly ofStream?: true;
  /** Instead of a fold. */
  readonly write?: (event: RecordedEvent) => readonly RowWrite[];
  /** The functions as the app wrote them: when they change, a new table is made. */
  readonly code: readonly string[];
}
/** A {@link RowsHandler} without its types. */
interface RowsAndFold {
  readonly at: (event: RecordedEvent) => string | readonly string[];
  readonly fold: ErasedFold;
}
/** A {@link SqlHandler} without its types. */
interface ErasedSql {
  readonly sql: (event: RecordedEvent, rows: RowWriter) => RowWrite | readonly RowWrite[];
}
/** A {@link Fold} without its types. */
type ErasedFold = (row: StoredRow | undefined, event: RecordedEvent, key: string) => StoredRow | null;

/** A row with its columns by name. */
export type StoredRow = Record<string, JsonValue>;

/** A handler as a definition has it, without its types. */
export type AnyForm = ErasedFold | RowsAndFold | ErasedSql;

/** The handler in the one form that the engine calls. */
export function erased(handler: AnyForm): ErasedHandler {
  if (typeof handler === "function") return { at: ownRow, fold: handler, ofStream: true, code: [handler.toString()] };
  if ("sql" in handler) {
    const { sql } = handler;
    return { at: () => [], fold: () => null, write: (event) => [sql(event, rowWriter)].flat(), code: [sql.toString()] };
  }
  const { at, fold } = handler;
  return { at: (event) => [at(event)].flat(), fold, code: [at.toString(), fold.toString()] };
}

function ownRow({ stream }: RecordedEvent): readonly string[] {
  return [streamIdOf(stream)];
}
