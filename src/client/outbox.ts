/**
 * An outbox: commands that a page makes with or without a connection. They are carried out in order and once each, and until a live list
 * shows what they did, the list shows what they will do.
 */

import { members } from "./members.ts";
import { OutboxQueue, type OutboxStorage, type QueueOptions } from "./outbox-queue.ts";
import { type Apply, type LiveRows, overlaid } from "./overlaid.ts";
import type { HeadspringError } from "./problem.ts";
import type { OutboxCommand, OutboxWriteOptions, Writes } from "./outbox-types.ts";
import type { Client, Refused, Stored } from "./types.ts";
import type { ViewReader } from "./view-types.ts";
import type { AnyApp } from "./app-types.ts";

/** What {@link createOutbox} takes; all of it may be left out. */
export interface OutboxOptions<Of extends AnyApp> {
  /** Keeps the commands over a reload of the page: `localStorage`. Without it they end with the page. */
  readonly storage?: OutboxStorage;
  /** What the names in `storage` begin with. One for each store, and for each person who signs in. Default: `headspring-outbox`. */
  readonly name?: string;
  /** Called with the outcome of each command, also of those that were made before a reload. */
  readonly onAnswer?: (command: OutboxCommand<Of>, answer: Stored | Refused | HeadspringError) => void;
}

/** Commands that wait for their answers, and more of them: `outbox.order("42").PlaceOrder(…)`. */
export type Outbox<Of extends AnyApp> = OutboxParts<Of> &
  Omit<Writes<Of>, keyof OutboxParts<Of>> & {
    /** Streams by category: also of categories named like another member of the outbox. */
    readonly streams: Writes<Of>;
  };

interface OutboxParts<Of extends AnyApp> {
  /** Those that have no answer yet, in order. Another list whenever that changes. */
  readonly commands: readonly OutboxCommand<Of>[];
  /** Why the first of them could not be sent; undefined: it could, or has not been tried for long enough. */
  readonly error: HeadspringError | undefined;
  /** Calls whenever `commands` or `error` change. @returns ends that */
  readonly subscribe: (listener: () => void) => () => void;
  /**
   * A view's live rows with what the outbox's commands will do to them, until the view has done it.
   *
   * @param apply does to the rows what a command will do. It gets a map of its own; rows are replaced, not changed
   * @example
   * const tasks = outbox.over(store.views.tasks, (rows, { command, id, data }) => {
   *   if (command === "AddTask") rows.set(id, { id, title: data.title });
   *   if (command === "FinishTask") rows.delete(id);
   * });
   * for await (const change of tasks.live()) …
   */
  over<Row extends Shown, Shown = Row>(
    view: Pick<ViewReader<Row>, "live">,
    apply: (rows: Map<string, Shown>, command: OutboxCommand<Of>) => void,
  ): Pick<ViewReader<Shown>, "live">;
}

/**
 * An outbox over a client. Its commands have the types of the client's; each is a promise of its answer, which may take until the
 * connection is back. Make it once for a page.
 *
 * @example
 * const outbox = createOutbox(store, { storage: localStorage, onAnswer: (command, answer) => console.log(command.id, answer) });
 * void outbox.task(id).AddTask({ title });
 */
export function createOutbox<Of extends AnyApp>(client: Client<Of>, options: OutboxOptions<Of> = {}): Outbox<Of> {
  // Types end here: the names are the app's.
  const queue = new OutboxQueue(client.streams, options as unknown as QueueOptions);
  const streams = members(
    (category) => (id: string) =>
      members(
        (command) =>
          (data: unknown = {}, given: OutboxWriteOptions = {}) =>
            queue.add({ category, id, command, data, given }),
      ),
  );
  const own = {
    streams,
    get commands() {
      return queue.commands;
    },
    get error() {
      return queue.error;
    },
    subscribe: (listener: () => void) => queue.subscribe(listener),
    over: (view: LiveRows, apply: Apply) => overlaid(queue, view, apply),
  };
  return Object.setPrototypeOf(own, streams) as Outbox<Of>;
}
