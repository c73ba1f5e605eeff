/** The state that a writer expects a stream to be in. */

/** The state that the writer believes the stream is in. If it is not, the write is refused (promise 2). */
export type Expected = { kind: "any" } | { kind: "exists" } | { kind: "absent" } | { kind: "version"; version: number };
