/** What an instance of a process remembers, folded from the events of its stream. Pure. */

import type { DecideContext } from "../../core/command.ts";
import type { NewEvent } from "../../core/event.ts";
import { freeze, settle } from "../../core/plain-json.ts";
import { COMMAND_SENT, type CommandSent, type Failing } from "./process-events.ts";

/** What an instance remembers, besides its own state. */
export interface ProcessState<State = unknown> {
  readonly own: State;
  /** Commands whose outcome is not known yet, in the order in which they were sent. */
  readonly inFlight: readonly CommandSent[];
  readonly completed: boolean;
  /** It has ended because an input could not be processed. */
  readonly failure?: Failing;
}

/** Data of any event or command: each handler was checked with its own type, and is found by name. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyData = any;
type EvolveHandler = (state: AnyData, data: AnyData, event: AnyData) => unknown;

/** As much of a process as its state depends on. */
export interface Folding {
  readonly evolve: Readonly<Record<string, EvolveHandler>>;
}

/** How an event changes what an instance remembers. */
export function evolveWith(definition: Folding, type: string) {
  const evolve = Object.hasOwn(definition.evolve, type) ? definition.evolve[type] : undefined;
  return (state: ProcessState, data: AnyData, event: AnyData): ProcessState => {
    const own = evolve ? evolve(state.own, data, event) : state.own;
    switch (type) {
      case COMMAND_SENT:
        return { ...state, own, inFlight: [...state.inFlight, data] };
      case "$CommandAccepted":
      case "$CommandRefused":
      case "$CommandFailed": {
        const { commandId } = data as { commandId: string };
        return { ...state, own, inFlight: state.inFlight.filter((sent) => sent.commandId !== commandId) };
      }
      case "$Completed":
        return { ...state, own, completed: true };
      case "$Failed":
        return { ...state, own, completed: true, failure: data };
      default:
        return { ...state, own };
    }
  };
}

/** The process's own state after an event that is about to be stored. */
export function evolveOwn(definition: Folding, own: unknown, { type, data }: NewEvent, context: DecideContext): unknown {
  const evolve = Object.hasOwn(definition.evolve, type) ? definition.evolve[type] : undefined;
  const at = context.now.toISOString();
  const event = { id: "", version: context.version + 1, type, meta: {}, time: at, recordedAt: at };
  return evolve ? settle(evolve(own, freeze(data), event)) : own;
}
