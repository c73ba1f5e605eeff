/** `headspring check` against a real `wrangler dev`: every planted fault is found by its name, and an app without one gives nothing. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findingsAgainst } from "../../src/cli/check/check.ts";
import { inspect } from "../../src/cli/check/inspect.ts";
import { Connection } from "../../src/client/connection.ts";
import { appWith } from "./checked/app.ts";
import { call } from "./command-line.ts";
import { Server } from "./server.ts";

const VERSION = "0.2.0-dev";
/** A token that may only read, and one for the test itself. */
const TOKENS = [
  { name: "reader", token: "r".repeat(43), rights: ["read"] },
  { name: "owner", token: "o".repeat(43), rights: ["read", "write", "admin"] },
] as const;

let server: Server;
let connection: Connection;

async function hashed(token: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))).toString("hex");
}

beforeAll(async () => {
  const list = await Promise.all(
    TOKENS.map(async ({ name, token, rights }) => ({ name, sha256: await hashed(token), rights, stores: ["*"] })),
  );
  server = await Server.start({
    main: "test/e2e/checked/worker.ts",
    variables: { API_TOKENS: JSON.stringify(list), TOLD_URL: "http://127.0.0.1:9/told", TOLD_SECRET: `whsec_${"a".repeat(32)}` },
  });
  connection = new Connection(server.client.url, { token: TOKENS[0].token });
  const owner = new Connection(server.client.url, { token: TOKENS[1].token });
  const post = (path: string, body: object) => owner.send(path, { method: "POST", body });
  for (const [guest, nights] of [
    ["Al", 2],
    ["Bo", 3],
  ] as const)
    await post(`/aggregates/stay/${guest}/Book`, { guest, nights });
  await post("/aggregates/stay/Al/Cancel", {});
  await post("/aggregates/stay/Al/Pay", { cents: 4_000 });
  for (const author of ["Cy", "Di"]) await post("/streams/note/n", { type: "Noted", data: { about: "n", author, text: "clean" } });
  await owner.send("/streams/posted", { method: "PUT", body: { events: { Posted: { type: "object" } } } });
  await post("/streams/posted/p", { type: "Posted", data: {} });
  await owner.send("/streams/retired", { method: "PUT", body: {} });
  await owner.open("/streams/retired", { method: "DELETE" });
  for (const name of ["remember", "welcome"]) await caughtUp(owner, name);
});
afterAll(() => server.stop());

/** What it emits is in the log, too. */
async function caughtUp(owner: Connection, name: string): Promise<void> {
  for (;;) {
    const { lag, lagSeconds } = (await owner.send(`/consumers/${name}`)).body as { lag: number; lagSeconds: number };
    if (lag === 0 || lagSeconds === 0) return;
  }
}

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

describe("the command", () => {
  const checked = (fault: string, ...args: string[]) =>
    call(["check", "--app", "test/e2e/checked/changed.ts", ...args], { environment: { FAULT: fault, HEADSPRING_TOKEN: TOKENS[0].token } });

  it("prints nothing on stdout and ends with 0 when nothing is found", async () => {
    const [clean, alone] = await Promise.all([checked("", "--against", server.client.url), checked("")]);
    expect(clean).toMatchObject({
      status: 0,
      stdout: "",
      stderr: expect.stringMatching(/changed\.ts breaks nothing of .*\((\d+) events of \1 read\)/),
    });
    expect(alone).toMatchObject({
      status: 0,
      stdout: "",
      stderr: expect.stringMatching(/has 1 aggregate, 3 plain categories, 2 views, 2 processors, 1 webhook: /),
    });
  });

  it("ends with 1 for a breaking change, unless that is declared as intended, and with 0 for what only costs", async () => {
    const fault = ["a view renamed", "--against", server.client.url] as const;
    const [person, program, allowed, nobody] = await Promise.all([
      checked(...fault, "--allow", "view-removed:notes"),
      checked(...fault, "--json"),
      checked(...fault, "--allow", "view-removed:stays"),
      checked(...fault, "--token", "unknown"),
    ]);
    expect(person.status).toBe(1);
    expect(person.stdout).toMatch(/^breaks view-removed: .*\.\n {4}.*--allow view-removed:stays[^]*\ncosts view-new: /);
    expect(program).toMatchObject({
      status: 1,
      lines: [
        { severity: "breaks", code: "view-removed", about: "stays" },
        { severity: "costs", code: "view-new", events: 2 },
      ],
    });
    expect(allowed).toMatchObject({ status: 0, stdout: expect.stringMatching(/^breaks \(allowed\) view-removed/) });
    expect(nobody).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^unauthorized: /m) });
    expect(JSON.stringify([person, program, nobody])).not.toContain(TOKENS[0].token);
  });

  it("names every mistake in the code with its line, not only the first", async () => {
    const [alone, against] = await Promise.all([
      call(["check", "--app", "test/e2e/checked/mistakes.ts", "--json"]),
      call(["check", "--app", "test/e2e/checked/mistakes.ts", "--against", server.client.url]),
    ]);
    expect(alone).toMatchObject({ status: 1, stderr: "" });
    expect(alone.lines.map(({ severity, code, what }) => `${severity} ${code}: ${what}`)).toEqual([
      expect.stringMatching(/^breaks definition-mistake: test\/e2e\/checked\/mistakes\.ts:8: aggregate "or der" is not a valid name/),
      'breaks definition-mistake: test/e2e/checked/mistakes.ts:10: the key of category "reading" is "sensor", which event type "Read" does not have',
      'breaks definition-mistake: test/e2e/checked/mistakes.ts:12: view "readings" handles "Written", which none of the categories that it follows has (Read)',
      'breaks definition-mistake: test/e2e/checked/mistakes.ts:16: the app has two parts that are a category named "reading"',
      'breaks definition-mistake: test/e2e/checked/mistakes.ts:16: processor "lost" follows "elsewhere", which the app does not declare',
    ]);
    expect(against).toMatchObject({ status: 1, stdout: expect.stringContaining("which the app does not declare") });
  });

  it("loads what wrangler's configuration names, or reports what it cannot load", async () => {
    const calls: readonly [args: readonly string[], status: number, said: RegExp][] = [
      [[], 0, /^src\/worker\.ts has 3 aggregates, /],
      [["--app", "src/shop/order.ts"], 2, /makes no worker of an app, and exports none/],
      [["--app", "src/none.ts"], 2, /there is no src\/none\.ts/],
      [["--app", "wrangler.toml"], 1, /^failed: wrangler\.toml cannot be bundled: /],
      [["--sample", "5"], 2, /--against names the store/],
      [["--against", "nowhere"], 2, /--against takes an address/],
    ];
    const answers = await Promise.all(calls.map(([args]) => call(["check", ...args])));
    expect(answers.map(({ status, stdout }) => ({ status, stdout }))).toEqual(calls.map(([, status]) => ({ status, stdout: "" })));
    for (const [index, { stderr }] of answers.entries()) expect(stderr).toMatch(calls[index]![2]);
  });
});
