/** `headspring check` against a real `wrangler dev`: every planted fault is found by its name, and an app without one gives nothing. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findingsAgainst } from "../../src/cli/check/check.ts";
import { inspect } from "../../src/cli/check/inspect.ts";
import { Connection } from "../../src/client/connection.ts";
import { appWith } from "./checked/app.ts";
import { READER, checkedStore } from "./checked/store.ts";
import type { Server } from "./server.ts";

const VERSION = "0.2.0-dev";

let server: Server;
let connection: Connection;

beforeAll(async () => {
  server = await checkedStore();
  connection = new Connection(server.client.url, { token: READER });
});
afterAll(() => server.stop());

async function found(fault: string | undefined, part = {}) {
  return (await findingsAgainst({ connection, service: connection }, inspect(appWith(fault)), part, VERSION)).findings;
}

const FAULTS: readonly [fault: string, ...found: (readonly [severity: string, code: string, about: string, what?: RegExp])[]][] = [
  [
    "a member required",
    [
      "breaks",
      "event-does-not-fit",
      "stay/Booked",
      /^2 stored Booked events of stay do not fit .* stay\/Al@1 at position 1, `data.room` must be a string, and is missing$/,
    ],
  ],
  ["another type", ["breaks", "event-does-not-fit", "stay/Booked", /`data.nights` must be a string, got a number/]],
  ["a smaller range", ["breaks", "event-does-not-fit", "stay/Booked", /^1 stored Booked event of stay does not fit .* stay\/Bo@1/]],
  ["a refinement", ["breaks", "event-does-not-fit", "stay/Booked", /stay\/Bo@1 .* `data.guest`: is not welcome/]],
  ["a default", ["breaks", "event-does-not-fit", "stay/Booked", /`data.room` must be a string, and is missing/]],
  ["an upcast that throws", ["costs", "view-changed", "stays"], ["breaks", "upcast-fails", "stay/Booked", /stay\/Bo@1 .*nobody knows Bo/]],
  ["an upcast that does not fit", ["costs", "view-changed", "stays"], ["breaks", "event-does-not-fit", "stay/Booked", /`data.room`/]],
  ["a version taken back", ["breaks", "event-version-newer", "stay/Paid", /schemaVersion 2, and this code knows 1/]],
  ["a version with upcast", ["costs", "view-changed", "stays", /a new version of `stay\/Booked`\): it is built again from 2 events/]],
  ["a range that all fit", ["note", "schema-stricter", "stay/Booked", /maximum.* 2 events that were read fit it/]],
  ["an incompatible note", ["breaks", "event-does-not-fit", "note/Noted", /^2 stored/]],
  ["an event type gone", ["breaks", "event-type-removed", "stay/Cancelled", /1 stored Cancelled event.*`evolve` passes/]],
  ["an unused event type gone", ["note", "event-type-removed", "stay/Never", /no stored event/]],
  ["a command gone", ["note", "command-removed", "stay", /`Cancel`.*unknown-command/]],
  [
    "an aggregate gone",
    ["breaks", "category-removed", "stay", /unknown-aggregate/],
    ["breaks", "view-removed", "stays"],
    ["breaks", "processor-removed", "remember"],
  ],
  ["an unused category gone", ["note", "category-removed", "unused", /no stored streams/]],
  ["an aggregate turned plain", ["breaks", "category-kind-changed", "stay", /an aggregate in the store, and a plain category in the code/]],
  ["another key", ["breaks", "category-key-changed", "note", /by `author`, and so far by `about`/]],
  ["a retired name", ["breaks", "category-retired", "retired"]],
  ["an aggregate where HTTP has a category", ["breaks", "category-declared-over-http", "posted"]],
  ["a view gone", ["breaks", "view-removed", "stays", /unknown-view.*dropped/]],
  ["a view renamed", ["breaks", "view-removed", "stays"], ["costs", "view-new", "all-stays", /built from 2 events/]],
  ["a view more", ["costs", "view-new", "counts", /built from 2 events/]],
  ["another column", ["costs", "view-changed", "stays", /new columns `guest`\): it is built again from 2 events/]],
  ["another column type", ["costs", "view-changed", "stays", /another schema of `nights`/]],
  ["another key column", ["costs", "view-changed", "stays", /the key is `nights` instead of `id`/]],
  [
    "an evolve that throws",
    ["breaks", "evolve-throws", "stay/Booked", /^1 stream of stay could .* stay\/Bo@1 .*`evolve` threw: nobody stays so long$/],
  ],
  ["a handler more", ["costs", "view-changed", "stays", /it also handles `stay\/Paid`\): it is built again from 3 events/]],
  ["a processor gone", ["breaks", "processor-removed", "remember", /Its checkpoint stays/]],
  ["a processor renamed", ["breaks", "processor-renamed", "remember", /now called recall.* runs 2 events again, from the beginning/]],
  ["a process renamed", ["breaks", "processor-renamed", "welcome", /now called greet.* runs 2 events again.*instances of welcome/]],
  ["a process gone", ["breaks", "processor-removed", "welcome", /instances stop/]],
  ["a processor more", ["costs", "processor-new", "later", /reacts to 2 events/]],
  ["a processor more, from the head"],
  ["a processor that follows more", ["note", "processor-follows-more", "remember", /`stay\/Paid`/]],
  ["a webhook gone", ["breaks", "webhook-removed", "told"]],
  ["a member optional"],
  ["a strict object that fits"],
];

describe("a check against a store", () => {
  it("finds nothing in an app that is as it was deployed", async () => {
    expect(await found(undefined)).toEqual([]);
  });

  it.each(FAULTS)("finds %s", async (fault, ...expected) => {
    const findings = await found(fault);
    const names = (all: readonly (readonly [string, string, string, ...unknown[]])[]) =>
      all.map(([severity, code, about]) => `${severity} ${code} ${about}`).toSorted();
    expect(names(findings.map(({ severity, code, about }) => [severity, code, about]))).toEqual(names(expected));
    for (const [, code, about, what] of expected)
      if (what) expect(findings.find((one) => one.code === code && one.about === about)?.what).toMatch(what);
  });

  it("needs only a part of the log to find what is in that part", async () => {
    expect(await found("a smaller range", { sample: 1 })).toMatchObject([{ code: "schema-stricter" }]);
    expect(await found("a smaller range", { sample: 1_000 })).toMatchObject([{ code: "event-does-not-fit" }]);
    expect(await found("a smaller range", { since: "2026-01-01T00:00:00Z" })).toMatchObject([{ code: "event-does-not-fit" }]);
    expect(await found("a smaller range", { since: "2999-01-01T00:00:00Z" })).toMatchObject([{ code: "schema-stricter" }]);
    // What was not read is asked for.
    const since = "2999-01-01T00:00:00Z";
    expect(await found("an event type gone", { since })).toMatchObject([{ severity: "breaks", code: "event-type-removed" }]);
    expect(await found("an unused event type gone", { since })).toMatchObject([{ severity: "note", code: "event-type-removed" }]);
    expect(await found("a view more", { since })).toMatchObject([{ code: "view-new", what: expect.stringContaining("up to") }]);
  });
});
