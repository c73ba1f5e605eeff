/** What is known of a problem code, whatever the request. */

/** @see kindOfProblem for the names */
export type ProblemKind = readonly [status: number, title: string, when: string, remedy: string];
