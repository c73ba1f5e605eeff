/** What an answer must be, whatever was asked: promise 9, seen from outside. */

import type { FuzzRequest } from "./requests.ts";
import type { Answer } from "./wire.ts";

/** The 5xx answers that the document promises, and the operations of the tests' app that exist to give them. */
const FAILURES: Readonly<Record<string, RegExp>> = {
  "command-failed": /\/aggregates\/(?:counter\/[^/]*\/(?:Throw|DecideNonsense)|reminder\/[^/]*\/(?:Ask|SetNonsense))$/,
  "query-failed": /\/views\/specimens\/queries\/misspells$/,
  "view-behind": /\/views\//,
  "view-rebuilding": /\/views\//,
};

/** What only the inside knows. A local store, like this one, shows developers why their own code has failed: see `FAILURES`. */
const INSIDE = /SQLITE|D1_ERROR|\n\s+at |node_modules|\.ts:\d|hs_fuzz/;

/** Says what is wrong with an answer; undefined: nothing. */
export function judge(request: FuzzRequest, answer: Answer): string | undefined {
  const { status, headers, text } = answer;
  const isOwnFailure = status === 500 && isAllowedFailure(request, String(problemOf(text)?.code));
  if (INSIDE.test(text) && !request.path.startsWith("/docs") && status >= 400 && !isOwnFailure) return "it tells of the inside";
  if (status !== 101 && headers["x-content-type-options"] !== "nosniff") return "it has no security headers: it is not ours";
  if (status < 400) return status < 300 && headers["content-type"] === "application/json" && text !== "" ? jsonFault(text) : undefined;
  if (headers["content-type"] !== "application/problem+json") return "it is an error, and no problem document";
  if (request.method === "HEAD") return status >= 500 && !isAllowedFailure(request, undefined) ? "it is 5xx" : undefined;
  const problem = problemOf(text);
  if (typeof problem?.code !== "string" || typeof problem.detail !== "string") return "its problem document is not complete";
  if (problem.status !== status || problem.type !== `/problems/${problem.code}`) return "its problem document contradicts itself";
  return status >= 500 && !isAllowedFailure(request, problem.code) ? "it is 5xx" : undefined;
}

/** Without a code, as of a HEAD: whatever this path may fail with. */
function isAllowedFailure({ path }: FuzzRequest, code: string | undefined): boolean {
  return Object.entries(FAILURES).some(([known, where]) => (code === undefined || code === known) && where.test(decoded(path)));
}

/** As the router sees it. */
export function decoded(path: string): string {
  const { pathname } = new URL(path, "http://store");
  try {
    return decodeURI(pathname);
  } catch {
    return pathname;
  }
}

function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return "it says that it is JSON, and is not";
  }
}

interface Problem {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly type?: unknown;
  readonly detail?: unknown;
}

export function problemOf(text: string): Problem | undefined {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return undefined;
  }
}
