/** The properties of a problem code that do not depend on the request. */

/** @see kindOfProblem for the names */
export type ProblemKind = readonly [status: number, title: string, when: string, remedy: string];
