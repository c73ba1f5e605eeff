/** What all of Sourcery's routes share: the problems that its documents list, JSON as the only format, and ids. */

import type { Handler } from "hono";
import { derivedId } from "../../core/ids.ts";
import { Problem } from "../problem.ts";
import type { HttpContext, HttpEnv } from "../request.ts";

/** The statuses that Sourcery's documents list. */
const LISTED: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406, 410, 429, 500, 503]);
/** What of `Accept` JSON is part of. */
const JSON_RANGES: ReadonlySet<string> = new Set(["*/*", "application/*", "application/json", "application/problem+json"]);

type Answering = (context: HttpContext) => Promise<Response>;

/** The handler of a route: it answers JSON only, and with no other status than those of Sourcery's documents. */
export function answering(handle: Answering): Handler<HttpEnv> {
  return async (context) => {
    if (!acceptsJson(context.req.header("accept")))
      throw new Problem("not-acceptable", "everything under /api is application/json: accept that, or send no Accept");
    try {
      return await handle(context);
    } catch (error) {
      throw error instanceof Problem ? listed(error) : error;
    }
  };
}

function listed(problem: Problem): Problem {
  const { status, code, message, fields, headers } = problem;
  if (LISTED.has(status)) return problem;
  if (code === "unsupported-media-type") return new Problem("not-acceptable", message);
  return status > 500 ? problem : new Problem("invalid-request", message, { ...fields, reason: code }, { ...headers });
}

function acceptsJson(accept = "*/*"): boolean {
  return accept.split(",").some((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    return JSON_RANGES.has(type) && !parameters.some((one) => /^q=0(?:\.0*)?$/.test(one));
  });
}

export type ApiKind = "stream" | "processor" | "view";

/**
 * The id under which Sourcery's routes show something: derived from its name. A view that was declared again after its deletion is another.
 *
 * @param incarnation how often its name was declared
 */
export function apiIdOf(kind: ApiKind, name: string, incarnation = 1): string {
  return derivedId("sourcery", kind, name, incarnation);
}
