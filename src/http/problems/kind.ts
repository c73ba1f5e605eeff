/** The properties of a problem code that do not depend on the request. */

/** @see kindOfProblem for the names; the members are those that its documents have besides the common ones, with a `?` if not always */
export type ProblemKind = readonly [status: number, title: string, when: string, remedy: string, ...members: string[]];
