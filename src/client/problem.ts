/** What goes wrong between a client and the store, as one class of errors. A refusal by a business rule is a result instead. */

/** A request that failed, after it was repeated where that helps. */
export class HeadspringError extends Error {
  override readonly name = "HeadspringError";
  /**
   * The `code` of the store's problem document, for example `version-conflict`: branch on it. Besides those of the store, `unreachable`: no
   * answer arrived; and `unexpected-answer`: something else than the store answered, for example a proxy.
   */
  readonly code: string;
  /** The status of the answer; 0: there was none. */
  readonly status: number;
  /** The problem document (RFC 9457) with its own members, for example `actual` of a version conflict, or `issues` of invalid data. */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(code: string, detail: string, status: number, problem: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.problem = problem;
  }
}

/** The error that an answer stands for. */
export async function problemOf(response: Response): Promise<HeadspringError> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as Record<string, unknown>;
    if (typeof problem.code === "string")
      return new HeadspringError(problem.code, String(problem.detail ?? problem.title), response.status, problem);
  } catch {
    // Not ours: told below.
  }
  return new HeadspringError("unexpected-answer", `the answer is no problem document of the store: ${text.slice(0, 200)}`, response.status);
}
