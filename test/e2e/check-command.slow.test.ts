/** The command `headspring check`: what it prints, and with which status it ends. What it finds: check.test.ts. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { READER, checkedStore } from "./checked/store.ts";
import { call } from "./command-line.ts";
import type { Server } from "./server.ts";

let server: Server;
beforeAll(async () => void (server = await checkedStore()));
afterAll(() => server.stop());

describe("the command check", () => {
  const checked = (fault: string, ...args: string[]) =>
    call(["check", "--app", "test/e2e/checked/changed.ts", ...args], { environment: { FAULT: fault, HEADSPRING_TOKEN: READER } });

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
    expect(JSON.stringify([person, program, nobody])).not.toContain(READER);
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
