/**
 * What the store writes to the deployment's logs: one object a line, with the same names for the same things, so that Workers Logs can
 * index and join them. All lines go through here; a lint rule keeps other calls of `console` out.
 *
 * A line never has the content of an event, a command or a request's body, nor any secret: the fields are names, ids and numbers. An
 * error's own text comes from the code that threw it, so it is bounded, and what looks like a secret is cut out.
 */

import { LOG_ERROR_CHARACTERS } from "../core/limits.ts";

/** What a line may contain. Nothing else belongs here: add a name for it, or leave it out. */
export interface Line {
  /** What happened, in fixed words: so lines of one kind can be counted. */
  readonly message: string;
  readonly store?: string | undefined;
  readonly category?: string | undefined;
  /** `category/id`. */
  readonly stream?: string | undefined;
  readonly version?: number | undefined;
  readonly position?: number | undefined;
  /** An event's type. */
  readonly type?: string | undefined;
  /** The name of a view or processor, the name or id of a webhook. */
  readonly consumer?: string | undefined;
  /** The name of a source. */
  readonly source?: string | undefined;
  readonly attempts?: number | undefined;
  readonly command?: string | undefined;
  readonly commandId?: string | undefined;
  /** The id that all events and commands of one conversation share. */
  readonly correlationId?: string | undefined;
  /** The id of the command or event that caused it. */
  readonly causationId?: string | undefined;
  /** The trace id of the request that began it, if it carried a `traceparent`: 32 hex digits. */
  readonly traceId?: string | undefined;
  /** The id of the request over HTTP, which its problem document has as well. */
  readonly requestId?: string | undefined;
  readonly method?: string | undefined;
  /** Without its query. */
  readonly path?: string | undefined;
  /** The code of a problem document. */
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly outcome?: string | undefined;
  /** What a processor wanted to do: `ReserveStock for product/apple`. */
  readonly reaction?: string | undefined;
  /** The table of a view. */
  readonly generation?: string | undefined;
  /** The number of a part of the log. */
  readonly segment?: number | undefined;
  readonly count?: number | undefined;
  /** The id of a message in the queue. */
  readonly messageId?: string | undefined;
}

/** Writes the lines. */
export const logger = {
  /** Worth knowing, but there is nothing to do about it. */
  info(line: Line): void {
    console.info(complete(line));
  },
  /** Something failed but recovers by itself, or an operator did something unusual. */
  warn(line: Line, error?: unknown): void {
    console.warn(complete(line, error));
  },
  /** A person should look at this: a bug, or something that will not recover by itself. */
  error(line: Line, error?: unknown): void {
    console.error(complete(line, error));
  },
};

/** The line without unknown members, and with the error. */
function complete(line: Line, error?: unknown): object {
  const known = Object.entries(line).filter(([, value]) => value !== undefined);
  return Object.fromEntries(error === undefined ? known : [...known, ["error", textOf(error)]]);
}

/** What looks like a webhook's secret, a token, or the user and password of a URL. */
const SECRETS: readonly [RegExp, string][] = [
  [/whsec_[\w+/=-]+/g, "whsec_[redacted]"],
  [/\b(Bearer|Basic)\s+[^\s"',]+/gi, "$1 [redacted]"],
  [/\b(https?:\/\/)[^\s/@"']+@/gi, "$1[redacted]@"],
];

/** The text of an error as it is in a line: including where it was thrown, if known. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const safe = SECRETS.reduce((rest, [secret, instead]) => rest.replaceAll(secret, instead), text);
  return safe.length > LOG_ERROR_CHARACTERS ? `${safe.slice(0, LOG_ERROR_CHARACTERS)} …` : safe;
}
