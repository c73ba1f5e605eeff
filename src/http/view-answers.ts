/** What the answers of views have in common: the view, the position that is required, headers and refusals. */

import type * as z from "zod";
import { VIEW_WAIT_SECONDS_DEFAULT } from "./limits.ts";
import { type HeadspringEnv, isLocal } from "../store/env.ts";
import { QueryFailed, QueryNotServed } from "../views/query-named.ts";
import { ColumnNotServed } from "../views/query-sql.ts";
import { type Served, ViewBehind, type Wanted } from "../views/query.ts";
import type { View } from "../definitions/views/view.ts";
import { callerOf } from "./auth-caller.ts";
import { seesView } from "./auth-scope.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, storeOf, waitMsOf } from "./request.ts";
import type { Consistency } from "./view-query.ts";

/** Seconds after which to ask again for a table that is being built. Ours. */
const REBUILDING_SECONDS = "5";

/**
 * The view in the path.
 *
 * @param isHidden whether it may be one that answers no rows, because only processors join it
 */
export async function viewOf(context: HttpContext, isHidden = false): Promise<View> {
  const name = context.req.param("view") ?? "";
  const { definitions } = storeOf(context);
  const view = await definitions.view(name);
  if (view && (isHidden || view.exposed !== false)) return view;
  const scope = callerOf(context)?.scope;
  const others = (await definitions.views()).filter((one) => one.exposed !== false && seesView(scope, one.name));
  const names = others.map((one) => one.name).join(", ") || "none";
  throw new Problem("unknown-view", `unknown view ${name}; the store has ${names}`);
}

export function unknownView(name: string): Problem {
  return new Problem("unknown-view", `unknown view ${name}; GET /views lists the views`);
}

/** The position that the query requires, and how long it waits for it (promise 7). */
export async function wantedOf(context: HttpContext, { minPosition = 0, consistency }: z.output<typeof Consistency>): Promise<Wanted> {
  const head = consistency === "strong" ? await storeOf(context).log.head() : 0;
  return {
    position: Math.max(minPosition, head),
    deadline: Date.now() + (waitMsOf(context) ?? VIEW_WAIT_SECONDS_DEFAULT * 1_000),
  };
}

/**
 * The answer, or the problem for a view's refusal.
 *
 * @param env that of the deployment; on the developer's own machine the answer of a failed query gives the cause
 */
export async function answered<Answer>(view: View, wanted: Wanted, answer: Promise<Answer>, env?: HeadspringEnv): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw problemOfView(view, wanted, error, env);
  }
}

function problemOfView(view: View, { position }: Wanted, error: unknown, env?: HeadspringEnv): unknown {
  if (error instanceof ViewBehind) {
    const why = error.isKeptElsewhere
      ? "GET /views shows how far it is, and GET /consumers of the worker that takes the commands shows why"
      : "GET /consumers shows why";
    const detail = `${view.name} has not reached position ${position} in time; if it stays behind, ${why}`;
    return new Problem("view-behind", detail, { position }, { "retry-after": "1" });
  }
  if (error instanceof ColumnNotServed) {
    const detail = `${view.name} is being rebuilt; until then the view answers with the rows of its earlier definition, which do not have ${error.column} as it is today`;
    return new Problem("view-rebuilding", detail, { column: error.column }, { "retry-after": REBUILDING_SECONDS });
  }
  if (error instanceof QueryNotServed) {
    const detail = `${view.name} is being rebuilt; until then the view answers with the rows of its earlier definition, which do not fit this query`;
    return new Problem("view-rebuilding", detail, {}, { "retry-after": REBUILDING_SECONDS });
  }
  if (error instanceof QueryFailed) {
    const why = env && isLocal(env) ? error.message : "the worker's logs have the cause";
    const problem = new Problem("query-failed", `the query fails whatever its parameters are; ${why}`);
    problem.cause = error;
    return problem;
  }
  return error;
}

/** Headers of everything that is read from a view. */
export function headersOf({ position, stale }: Served): Record<string, string> {
  return { "headspring-position": String(position), ...(stale ? { "headspring-stale": "true" } : {}) };
}
