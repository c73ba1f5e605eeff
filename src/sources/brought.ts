/** Reads messages that the platform brings, as the kind of the source says: each is one change. Pure. */

import type { JsonValue } from "../core/event.ts";
import { messageOf } from "../core/mistake.ts";
import type { BroughtKind, Change } from "../definitions/sources/kind.ts";
import type { BroughtMessage } from "../store/source-protocol.ts";
import { ChangeMistake } from "./change-mistake.ts";

/** The outside of a source whose messages are brought. */
export interface BroughtOutside {
  readonly kind: BroughtKind;
  readonly settings: object;
}

/** What a message says, as its kind reads it. */
export function changeOf({ kind, settings }: BroughtOutside, { id, timestamp, body }: BroughtMessage): Change {
  return kind.changeOf(settings, { id, timestamp, body: JSON.parse(body) as JsonValue });
}

/**
 * The changes of messages up to the first that cannot be read.
 *
 * @param skipped ids of messages that an operator has skipped
 */
export function changesOf(
  outside: BroughtOutside,
  messages: readonly BroughtMessage[],
  skipped: ReadonlySet<string>,
): { readonly changes: readonly Change[]; readonly failed?: ChangeMistake } {
  const changes: Change[] = [];
  for (const message of messages) {
    if (skipped.has(message.id)) continue;
    try {
      changes.push(changeOf(outside, message));
    } catch (error) {
      return { changes, failed: new ChangeMistake(message.id, messageOf(error)) };
    }
  }
  return { changes };
}
