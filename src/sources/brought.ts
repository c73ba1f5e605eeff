/** Reads messages that the platform brings, as the kind of the source says: each is one change. Pure. */

import type { JsonValue } from "../core/event.ts";
import { messageOf } from "../core/mistake.ts";
import type { Change } from "../definitions/sources/kind.ts";
import type { Source } from "../definitions/sources/source.ts";
import type { BroughtMessage } from "../store/source-protocol.ts";
import { ChangeMistake } from "./change-mistake.ts";

/** What a message says, as its kind reads it. */
export function changeOf({ outside: { kind, settings } }: Source, { id, timestamp, body }: BroughtMessage): Change {
  if (!kind.isBrought) throw new Error(`sources of kind ${kind.name} read for themselves`);
  return kind.changeOf(settings, { id, timestamp, body: JSON.parse(body) as JsonValue });
}

/**
 * The changes of messages up to the first that cannot be read.
 *
 * @param skipped ids of messages that an operator has skipped
 */
export function changesOf(
  source: Source,
  messages: readonly BroughtMessage[],
  skipped: ReadonlySet<string>,
): { readonly changes: readonly Change[]; readonly failed?: ChangeMistake } {
  const changes: Change[] = [];
  for (const message of messages) {
    if (skipped.has(message.id)) continue;
    try {
      changes.push(changeOf(source, message));
    } catch (error) {
      return { changes, failed: new ChangeMistake(message.id, messageOf(error)) };
    }
  }
  return { changes };
}
