/** A store's log, as everybody else sees it: one, however many segments it has. A method more in the protocol is one more here. */

import type { HeadspringEnv } from "./env.ts";
import { LOG_METHODS, type LogMethod, type LogRpc } from "./log-protocol.ts";
import { MOVED_TO, hasMoved, segmentName } from "./segment.ts";

/** The last segment of each log that this isolate has met. Too old a number costs a call, no more. */
const lastSegments = new Map<string, number>();

const METHODS = Object.keys(LOG_METHODS) as LogMethod[];

/** A segment, as far as it matters here: what its methods take and answer, the types of the protocol say. */
type Segment = Record<LogMethod, (...given: readonly unknown[]) => Promise<unknown>> & Pick<LogRpc, "fetch">;

export function logClient(env: HeadspringEnv, store: string): LogRpc {
  /** Asks the last segment, which may have become an earlier one since. */
  async function ask<Answer>(question: (segment: Segment) => Promise<Answer>, movedTo: (answer: Answer) => number | undefined) {
    for (;;) {
      const segment = env.LOGS.getByName(segmentName(store, lastSegments.get(store) ?? 1));
      const answer = await question(segment as unknown as Segment);
      const next = movedTo(answer);
      if (next === undefined) return answer;
      lastSegments.set(store, next);
    }
  }

  const calls = METHODS.map((method) => [
    method,
    (...given: readonly unknown[]) =>
      ask(
        (segment) => segment[method](...given),
        (answer) => (hasMoved(answer) ? answer.movedTo : undefined),
      ),
  ]);
  return {
    ...(Object.fromEntries(calls) as Omit<LogRpc, "fetch">),
    fetch: (request) =>
      ask(
        (segment) => segment.fetch(request.clone()),
        ({ headers }) => (headers.has(MOVED_TO) ? Number(headers.get(MOVED_TO)) : undefined),
      ),
  };
}
