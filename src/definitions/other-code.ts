/**
 * During a deployment, and after a rollback, two versions of the app's code meet: one part of the store asks for what another part does not
 * know. The part that *has* the command decides: if its own code takes the command, it is not wrong because another part's code refuses it.
 * Pure.
 */

import type { DataSchemas } from "../core/event.ts";
import { START_SAGA } from "./processors/process-events.ts";
import { accepts } from "../core/strict-schema.ts";

/** A command on its way to its target. */
export interface SentCommand {
  readonly aggregate: string;
  readonly command: string;
  readonly data: unknown;
  /** It has no member that its schema does not declare. */
  readonly exact?: boolean | undefined;
}

/** What senders of commands need to know about an app's aggregates. */
interface Targets {
  readonly aggregates: ReadonlyMap<string, { readonly commands: DataSchemas; readonly internal?: ReadonlySet<string> }>;
}

/** Reasons of failed commands that only mean that a part of the store does not know the command. */
export const NOT_KNOWN: ReadonlySet<string> = new Set(["unknown-aggregate", "unknown-command", "invalid-command"]);

/** Whether this code's aggregates take such a command from a processor. */
export function takesCommand(app: Targets, { aggregate, command, data, exact = false }: SentCommand): boolean {
  const target = app.aggregates.get(aggregate);
  const schema = target && Object.hasOwn(target.commands, command) ? target.commands[command] : undefined;
  return target !== undefined && schema !== undefined && !isItsOwn(target, command) && accepts(schema, data, exact);
}

/**
 * Whether only the process itself sends this command: inputs and timers. Internal commands of aggregates are open to processors as well.
 */
export function isItsOwn(target: object & { readonly internal?: ReadonlySet<string> }, command: string): boolean {
  return "process" in target && target.internal?.has(command) === true && command !== START_SAGA;
}
