/**
 * What the store writes to the deployment's logs: one object a line, with the same names for the same things, so that
 * Workers Logs can index and join them. All lines go through here; a lint rule keeps other calls of `console` out.
 *
 * A line never says what an event, a command or a request's body says, nor any secret: the fields are names, ids and
 * numbers. What an error says of itself comes from whoever threw it, so its text is bounded, and what looks like a secret is cut out.
 */

import { LOG_ERROR_CHARACTERS } from "../core/limits.ts";

/** What a line may say. Whatever else happens to be at hand does not belong here: add a name for it, or leave it out. */
export interface Line {
  /** What has happened, in fixed words: lines of one kind can be counted by it. */
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
  readonly attempts?: number | undefined;
  readonly command?: string | undefined;
  readonly commandId?: string | undefined;
  /** The conversation that all this belongs to. */
  readonly correlationId?: string | undefined;
  /** The id of the command or event that caused it. */
  readonly causationId?: string | undefined;
  /** Of the request that began it, where that carried a `traceparent`: 32 hex digits. */
  readonly traceId?: string | undefined;
  /** Of a request over HTTP; its problem document says the same. */
  readonly requestId?: string | undefined;
  readonly method?: string | undefined;
  /** Without its query. */
  readonly path?: string | undefined;
  /** Of a problem document. */
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
  /** Of a message in the queue. */
  readonly messageId?: string | undefined;
}

/** Where the lines go. */
export const logger = {
  /** Worth knowing, and nothing to do about it. */
  info(line: Line): void {
    console.info(complete(line));
  },
  /** Something failed and is made good again by itself, or an operator did something unusual. */
  warn(line: Line, error?: unknown): void {
    console.warn(complete(line, error));
  },
  /** Somebody should look: a bug, or something that will not mend by itself. */
  error(line: Line, error?: unknown): void {
    console.error(complete(line, error));
  },
};

/** The line without what is not known, and with the error. */
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

/** An error as it stands in a line: where it was thrown too, when it knows. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const safe = SECRETS.reduce((rest, [secret, instead]) => rest.replaceAll(secret, instead), text);
  return safe.length > LOG_ERROR_CHARACTERS ? `${safe.slice(0, LOG_ERROR_CHARACTERS)} …` : safe;
}
