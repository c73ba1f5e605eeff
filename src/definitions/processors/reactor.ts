/** A reactor: answers events with commands and facts, and keeps no state. Pure: this file knows no runtime. */

import type { AppendAction, SendAction } from "../../core/sending.ts";
import { type Retry, type RetryPolicy, retryPolicy } from "../retry.ts";
import type { RecordedEvent } from "../../core/event.ts";
import { REACTIONS } from "../limits.ts";
import { partsOf } from "../../core/misfit.ts";
import { CodeMistake } from "../../core/mistake.ts";
import { requireName, streamIdProblem } from "../../core/names.ts";
import type { HandlersOf, Nobody, Undeclared } from "../handlers.ts";
import { type EventOf, type EventOfType, type Followed, requireKnownTypes } from "../followed.ts";
import { type ActionOf, type Checked, type Emission, type Emissions, emissionsOf, undeclared } from "./emissions.ts";
import { type Loops, hopsProblem, requireHops } from "./loops.ts";

/** What a processor may answer. */
export type Action = SendAction | AppendAction;
/** Their kinds. */
const ACTIONS: readonly Action["kind"][] = ["send", "append"];
type Actions<Allowed extends Action = Action> = Allowed | readonly Allowed[] | undefined | void;

/** Where a processor begins, when it tries again, and whether it may feed itself. */
export interface ProcessorOptions {
  readonly description?: string;
  /** Where it begins in a store that it is new to: at the first event, or after the last. */
  readonly start?: "beginning" | "head";
  /** When a failed event is tried again. Default: 8 attempts, after 1 s, 2 s, 4 s … 64 s. */
  readonly retry?: Retry;
  /** Declares that it is meant to feed itself, directly or through others; and how many times in a row, if not 100. */
  readonly loops?: Loops;
}

/** The handlers of a reactor. */
type HandlersLike<On, From extends Followed, Emits extends Emission | readonly Emission[]> = {
  readonly [Type in keyof On]: Type extends EventOf<From>["type"]
    ? [On[Type]] extends [Nobody]
      ? On[Type]
      : NoInfer<(event: EventOfType<From, Type>) => Actions<ActionOf<Emits>>>
    : Undeclared<Type>;
};

export interface ReactorDefinition<
  From extends Followed,
  Emits extends Emission | readonly Emission[],
  On extends HandlersOf<From> = HandlersOf<From>,
> extends ProcessorOptions {
  /** The categories whose events it answers. */
  readonly from: From | readonly From[];
  /**
   * What it may answer: aggregates (any of their commands) and plain categories (any of their events), or only some:
   * `[product, [order, "ConfirmLine", "RejectOrder"]]`. Without it the reactor may answer nothing.
   */
  readonly emits?: Emits & Checked<Emits>;
  /** One handler for each event type of interest. Pure and synchronous: after a crash it may run again. */
  readonly on: HandlersLike<On, From, Emits>;
}

/** A reactor, as the engine sees it. */
export interface Reactor<Name extends string = string, From extends Followed = Followed> {
  readonly kind: "processor";
  readonly name: Name;
  readonly description?: string;
  readonly followed: readonly From[];
  readonly emissions: readonly Emissions[];
  readonly start: "beginning" | "head";
  readonly retry: RetryPolicy;
  readonly loops: Loops;
  readonly handlers: ReadonlyMap<string, (event: RecordedEvent) => Actions>;
}

/**
 * Declares a reactor.
 *
 * Its name is part of the ids derived from it: renaming it makes it a new reactor, whose reactions happen again.
 *
 * @throws {TypeError} when the name is not valid, or an event, command or retry policy is not one
 *
 * @example
 * export const reserveStock = reactor("reserve-stock", {
 *   from: order,
 *   emits: product,
 *   on: { OrderPlaced: (event) => event.data.lines.map((line) => send(product, line.sku, "ReserveStock", { order: event.stream, quantity: line.quantity })) },
 * });
 */
export function reactor<
  const Name extends string,
  From extends Followed,
  On extends HandlersOf<From>,
  const Emits extends Emission | readonly Emission[] = readonly [],
>(name: Name, definition: ReactorDefinition<From, Emits, On>): Reactor<Name, From> {
  requireName("reactor", name);
  const { from, emits = [], on, start = "beginning", retry, loops = false, ...rest } = definition;
  const followed: readonly From[] = Array.isArray(from) ? from : [from];
  requireKnownTypes(`reactor "${name}"`, followed, Object.keys(on));
  requireHops(`reactor "${name}"`, loops);
  // The handlers were typed one by one; from here on they get events by the type's name alone.
  const handlers = new Map(Object.entries(on as unknown as Record<string, (event: RecordedEvent) => Actions>));
  const emissions = emissionsOf(`reactor "${name}"`, emits);
  return { kind: "processor", name, followed, emissions, start, retry: retryPolicy(`reactor "${name}"`, retry), loops, handlers, ...rest };
}

/**
 * What the reactor answers to an event.
 *
 * @throws what its handler throws; an error when it may not give this answer; {@link CodeMistake} when the code lacks what it answers with, so that trying again is pointless
 */
export function answerOf(reactor: Reactor, event: RecordedEvent): readonly Action[] {
  const answer = reactor.handlers.get(event.type)?.(event);
  const said = `reactor "${reactor.name}" answers ${event.type} (${event.stream}, version ${event.version})`;
  const actions = partsOf<Action>(`the handler of ${event.type} of reactor \`${reactor.name}\``, answer, ACTIONS, true);
  const mistake = actions.map((action) => undeclared(reactor.emissions, action)).find((one) => one !== undefined);
  if (mistake) throw new CodeMistake(`${said} with ${mistake}`);
  const problem =
    (actions.length > 0 && hopsProblem(reactor, event)) ||
    (actions.length > REACTIONS && `with ${actions.length} commands and events; at most ${REACTIONS} go in one answer`) ||
    actions.map(problemWith).find((one) => one !== undefined);
  if (problem) throw new Error(`${said} ${problem}`);
  return actions;
}

function problemWith(action: Action): string | undefined {
  const id = streamIdProblem(action.id);
  return id && `to the stream "${action.id}", but ${id}`;
}
