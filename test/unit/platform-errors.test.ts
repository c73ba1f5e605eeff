import { describe, expect, it } from "vitest";
import { type Consequence, AppError, consequenceOf, ofApp, thrown } from "../../src/core/platform-errors.ts";

/** Every message that Cloudflare documents for D1 and for calls between objects, or that operators have reported, and what follows. */
const MESSAGES: readonly (readonly [message: string, follows: Consequence])[] = [
  // D1: "retry queries", "list of D1_ERRORs", and what operators report
  ["D1_ERROR: Network connection lost.", "passes"],
  ["Network connection lost.", "passes"],
  ["D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.", "passes"],
  ["Cannot resolve D1 DB due to transient issue on remote node.", "passes"],
  ["D1_ERROR: Replica disconnected from primary.", "passes"],
  ["D1_ERROR: internal error; reference = e_abcdef123456", "passes"],
  ["internal error; reference = 0t5mkjbbphcv9q4i6o3hs7kl", "passes"],
  ["D1_ERROR: Internal error in D1 DB storage caused object to be reset.", "passes"],
  ["D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.", "passes"],
  ["D1_ERROR: D1 DB reset because its code was updated.", "passes"],
  ["Error: D1 DB reset because its code was updated.", "passes"],
  ["D1_ERROR: D1 DB is overloaded. Requests queued for too long.", "passes"],
  ["D1_ERROR: D1 DB is overloaded. Too many requests queued.", "passes"],
  ["D1_ERROR: Failed to parse body as JSON, got: error code: 1031", "passes"],
  ["Error: Failed to parse body as JSON, got: error code: 1031", "passes"],
  ["Too many API requests by single Worker invocation.", "passes"],
  ["Too many subrequests.", "passes"],
  ["D1_ERROR: Too many API requests by single Worker invocation.", "passes"],
  ["D1_ERROR: Exceeded maximum DB size", "passes"],
  ["D1_ERROR: database or disk is full: SQLITE_FULL", "passes"],
  ["D1_ERROR: disk I/O error: SQLITE_IOERR", "passes"],
  ["D1_ERROR: database is locked: SQLITE_BUSY", "passes"],
  ["D1_ERROR: something that nobody has seen yet", "passes"],
  ["D1_ERROR: D1 DB exceeded its CPU time limit and was reset.", "halves"],
  ["D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.", "halves"],
  ["D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.", "halves"],
  ["D1_ERROR: The query timed out", "halves"],
  // what names the statement, or what was bound to it
  ["D1_ERROR: UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)", "blames"],
  ['D1_ERROR: near "selec": syntax error at offset 0: SQLITE_ERROR', "blames"],
  ["D1_ERROR: no such column: nope at offset 7: SQLITE_ERROR", "blames"],
  ["D1_ERROR: no such table: nope: SQLITE_ERROR", "blames"],
  ["D1_ERROR: statement too long: SQLITE_TOOBIG", "blames"],
  ["D1_ERROR: string or blob too big: SQLITE_TOOBIG", "blames"],
  ["D1_ERROR: too many SQL variables at offset 300: SQLITE_ERROR", "blames"],
  ["D1_ERROR: datatype mismatch: SQLITE_MISMATCH", "blames"],
  ["D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'", "blames"],
  // calls between objects
  ["Durable Object reset because its code was updated.", "passes"],
  ["Durable Object storage operation exceeded timeout which caused object to be reset.", "halves"],
  ["Durable Object exceeded its memory limit and was reset.", "halves"],
  ["Durable Object exceeded its CPU time limit and was reset.", "halves"],
  ["Durable Object is overloaded. Too many requests queued.", "passes"],
  ["Internal error in Durable Object storage write caused object to be reset.", "passes"],
  ["The Durable Object's code has been updated, this version can no longer access storage.", "passes"],
  // neither
  ["Paid for payment/s has more than 131072 bytes", "blames"],
  ['Count for counter/1 is invalid: note: expected one of "Network connection lost."|"D1_ERROR: D1 DB is overloaded"', "blames"],
  ["Cannot read properties of undefined (reading 'total')", "blames"],
];

describe("an error that a consumer meets", () => {
  it.each(MESSAGES)("%s → %s", (message, follows) => expect(consequenceOf(new Error(message))).toBe(follows));

  it.each([{ retryable: true }, { overloaded: true }, { durableObjectReset: true }])(
    "counts as transient when the runtime marks it so: %o",
    (flags) => expect(consequenceOf(Object.assign(new Error("the object was moved"), flags))).toBe("passes"),
  );

  it.each([undefined, null, "Network connection lost.", 7, {}])("need not be an Error: %o", (error) =>
    expect(consequenceOf(error)).toBe(error === "Network connection lost." ? "passes" : "blames"),
  );

  it.each(MESSAGES)("blames the event when the app's own code throws it: %s", async (message) => {
    const error = Object.assign(new Error(message), { retryable: true, overloaded: true, durableObjectReset: true });
    const caught = [
      await new Promise((resolve) => {
        try {
          ofApp(() => {
            throw error;
          });
        } catch (marked) {
          resolve(marked);
        }
      }),
      await ofApp(async () => Promise.reject(error)).catch((marked: unknown) => marked),
    ];
    for (const marked of caught) {
      expect(marked).toBeInstanceOf(AppError);
      expect(consequenceOf(marked)).toBe("blames");
      expect(thrown(marked)).toBe(error);
    }
  });
});
