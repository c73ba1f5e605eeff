/** Problem documents (RFC 9457): the one table from our error codes to status, title and explanation. */

import { FAILURE_PROBLEMS } from "./problems/failure.ts";
import { REQUEST_PROBLEMS } from "./problems/request.ts";
import { STATE_PROBLEMS } from "./problems/state.ts";

/** By code. The codes are part of the HTTP contract: clients branch on them. */
const PROBLEMS = { ...REQUEST_PROBLEMS, ...STATE_PROBLEMS, ...FAILURE_PROBLEMS };

export type ProblemCode = keyof typeof PROBLEMS;

/** What a code means, for readers of answers. */
export interface ProblemExplanation {
  readonly code: ProblemCode;
  /** Where it is explained: the `type` of its documents. */
  readonly type: string;
  readonly status: number;
  readonly title: string;
  /** When it occurs. */
  readonly when: string;
  /** What to do about it. */
  readonly remedy: string;
}

export function kindOfProblem(code: ProblemCode): ProblemExplanation {
  const [status, title, when, remedy] = PROBLEMS[code];
  return { code, type: typeOf(code), status, title, when, remedy };
}

/** The members that a problem's documents have besides the common ones. */
export function membersOfProblem(code: ProblemCode): readonly string[] {
  const [_status, _title, _when, _remedy, ...members] = PROBLEMS[code];
  return members;
}

/** Every code, by status. */
export const PROBLEM_CODES: readonly ProblemCode[] = (Object.keys(PROBLEMS) as ProblemCode[]).toSorted(
  (a, b) => PROBLEMS[a][0] - PROBLEMS[b][0],
);

function typeOf(code: ProblemCode): string {
  return `/problems/${code}`;
}

/** Ends a request with a problem document. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param detail what is wrong with this request, and what would be right
   * @param fields members of the document besides the standard ones
   */
  constructor(code: ProblemCode, detail: string, fields: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
    super(detail);
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }

  /** @param more members that only the route knows */
  toResponse(more: Record<string, unknown> = {}): Response {
    const [status, title] = PROBLEMS[this.code];
    const document = { type: typeOf(this.code), title, status, detail: this.message, code: this.code, ...this.fields, ...more };
    return new Response(JSON.stringify(document), {
      status,
      headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...this.headers },
    });
  }
}
