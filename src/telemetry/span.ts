/**
 * Spans through the platform's own tracing: where the time of a request goes, station by station. The platform itself records the calls
 * between objects; this file has the steps that the platform cannot know.
 *
 * The platform neither accepts trace ids from outside nor passes them on (its page "known limitations"), and a queue begins a trace of its
 * own. So every span carries the names that lines of the logs carry, and with them the trace id of the request that led to it.
 */

import { tracing } from "cloudflare:workers";
import type { Line } from "./logger.ts";

/** The stations. Operators search for them: add to them, rename none. */
export type SpanName = "command" | "append" | "sequence" | "commit" | "wake" | "consume" | "project" | "react" | "deliver";

/** The names of {@link Line}, and counts that only spans have. */
export interface Attributes extends Omit<Line, "message"> {
  /** Events read, stored or passed on in this step. */
  readonly events?: number | undefined;
  /** The log's head. */
  readonly head?: number | undefined;
  /** HTTP status of the answer. */
  readonly response?: number | undefined;
}

/** Adds what is known only afterwards. */
type Note = (attributes: Attributes) => void;

const NOBODY: Note = () => {};

/**
 * Does a piece of work as a span named `headspring.{name}`, which ends with it. A failure is the caller's, and marks the span.
 *
 * If this request is not traced, the work is just done: measured, that check costs a third of a microsecond, while entering a span that
 * nobody reads costs four.
 *
 * @param attributes called only when the request is traced
 */
export function span<Result>(name: SpanName, attributes: () => Attributes, work: (note: Note) => Result): Result {
  if (tracing.getActiveSpan()?.isTraced !== true) return work(NOBODY);
  return tracing.enterSpan(`headspring.${name}`, (current) => {
    const note: Note = (more) => {
      for (const [key, value] of Object.entries(more)) if (value !== undefined) current.setAttribute(`headspring.${key}`, value);
    };
    const failed = (error: unknown): never => {
      current.setStatus({ code: "error" }); // its text is in the logs, where it is bounded
      throw error;
    };
    note(attributes());
    try {
      const result = work(note);
      return result instanceof Promise ? (result.catch(failed) as Result) : result;
    } catch (error) {
      return failed(error);
    }
  });
}
