/** What a writer expects of a stream. */

/** What the writer believes of the stream. A write on a wrong belief is refused (promise 2). */
export type Expected = { kind: "any" } | { kind: "exists" } | { kind: "absent" } | { kind: "version"; version: number };
