/** `headspring token`, which `npm run token` calls: what it prints is accepted by a store. */

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { afterAll, describe, expect, it, vi } from "vitest";
import { run as execute } from "../../src/cli/run.ts";
import { auth } from "../../src/http/auth.ts";
import { Problem } from "../../src/http/problem.ts";

const COMMAND = join(import.meta.dirname, "../../src/cli/main.ts");
const folder = mkdtempSync(join(tmpdir(), "headspring-token-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** As `npm run token`. Here, as starting a process takes half a second; in one of its own where it reads stdin. */
function token(args: readonly string[], stdin = ""): Promise<Run> {
  return args.includes("-") ? inOwnProcess(args, stdin) : inThisOne(args);
}

async function inThisOne(args: readonly string[]): Promise<Run> {
  const said = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    }),
  );
  const code = await execute(["token", ...args]);
  for (const spy of spies) spy.mockRestore();
  return { code, ...said };
}

function inOwnProcess(args: readonly string[], stdin: string): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [COMMAND, "token", ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end(stdin);
  });
}

function secretIn({ stderr }: Run): string {
  return /^ {2}(hs_\S{43})$/m.exec(stderr)?.[1] ?? "";
}

/** The status of a deployment with these tokens. */
async function ask(API_TOKENS: string, secret: string, method: string, path: string): Promise<number> {
  const service = new Hono<{ Bindings: Env }>().use(auth());
  for (const route of [
    "/log",
    "/stores/:store/log",
    "/consumers",
    "/streams/:category/:id",
    "/aggregates/:name/:id/:command",
    "/views/:view",
  ])
    service.on(["GET", "POST"], route, (context) => context.text(""));
  service.onError((error) => (error as Problem).toResponse());
  const response = await service.request(
    path,
    { method, headers: { authorization: `Bearer ${secret}` } },
    {
      HEADSPRING_ENV: "deployed",
      API_TOKENS,
    },
  );
  return response.status;
}

describe("npm run token", { timeout: 20_000 }, () => {
  it("makes a token with the given rights for the given stores, and for nothing else", async () => {
    const run = await token(["--name", "a service", "--rights", "read", "--stores", "a,b"]);
    expect(run.code).toBe(0);
    const secret = secretIn(run);
    expect(run.stdout).not.toContain(secret);
    expect(JSON.parse(run.stdout)).toEqual([
      { name: "a service", sha256: expect.stringMatching(/^[0-9a-f]{64}$/), stores: ["a", "b"], rights: ["read"] },
    ]);
    expect(await ask(run.stdout, secret, "GET", "/stores/a/log")).toBe(200);
    expect(await ask(run.stdout, secret, "GET", "/stores/c/log")).toBe(403);
    expect(await ask(run.stdout, secret, "GET", "/log")).toBe(403);
    expect(await ask(run.stdout, secret, "POST", "/stores/a/log")).toBe(403);
    expect(await ask(run.stdout, `${secret}x`, "GET", "/stores/a/log")).toBe(401);
  });

  it.each([
    ["30d", 30 * 86_400_000],
    [new Date(Date.now() + 3_600_000).toISOString().replace("Z", "+00:00"), 3_600_000],
  ])("makes one that expires: --expires %s", async (expires, inMs) => {
    const run = await token(["--name", "for a while", "--rights", "read", "--expires", expires]);
    const [made] = JSON.parse(run.stdout);
    expect(Math.abs(Date.parse(made.expires) - Date.now() - inMs)).toBeLessThan(60_000);
    expect(made.expires).toMatch(/Z$/);
    expect(run.stderr).toContain(`until ${made.expires}`);
    expect(await ask(run.stdout, secretIn(run), "GET", "/log")).toBe(200);
    const over = JSON.stringify([{ ...made, expires: "2020-01-01T00:00:00Z" }]);
    expect(await ask(over, secretIn(run), "GET", "/log")).toBe(401);
  });

  it("makes one for every store by default", async () => {
    const run = await token(["--name", "me", "--rights", "read,write,admin"]);
    for (const path of ["/log", "/stores/any/log", "/consumers"]) expect(await ask(run.stdout, secretIn(run), "GET", path)).toBe(200);
  });

  it("adds to a list, from a file or stdin, and keeps that list's tokens", async () => {
    const first = await token(["--name", "first", "--rights", "read"]);
    const file = join(folder, "tokens.json");
    writeFileSync(file, first.stdout);
    for (const second of [
      await token(["--name", "second", "--rights", "write", "--list", file]),
      await token(["--name", "second", "--rights", "write", "--list", "-"], first.stdout),
    ]) {
      expect(await ask(second.stdout, secretIn(first), "GET", "/log")).toBe(200);
      expect(await ask(second.stdout, secretIn(second), "POST", "/log")).toBe(200);
      expect(await ask(second.stdout, secretIn(second), "GET", "/log")).toBe(403);
    }
  });

  it("replaces a token of the same name only when asked to", async () => {
    const first = await token(["--name", "same", "--rights", "read"]);
    const refused = await token(["--name", "same", "--rights", "read", "--list", "-"], first.stdout);
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain('has a token "same" already');
    const second = await token(["--name", "same", "--rights", "read", "--list", "-", "--replace"], first.stdout);
    expect(await ask(second.stdout, secretIn(first), "GET", "/log")).toBe(401);
    expect(await ask(second.stdout, secretIn(second), "GET", "/log")).toBe(200);
  });

  it("reports that a list has outgrown a secret, and where the next one goes", async () => {
    const one = { sha256: "0".repeat(64), stores: ["*"], rights: ["read", "write", "admin"] };
    const full = JSON.stringify(Array.from({ length: 35 }, (_value, index) => ({ name: `service ${index}`, ...one })));
    const { code, stdout, stderr } = await token(["--name", "one more", "--rights", "read", "--list", "-"], full);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("API_TOKENS_2");
    expect(stderr).not.toContain("hs_");
  });

  it("narrows one to categories, aggregates with their commands, and views", async () => {
    const run = await token([
      "--name",
      "kiosk",
      "--rights",
      "read,write",
      "--categories",
      "reading",
      "--aggregates",
      "order:PlaceOrder,order:RejectOrder,product",
      "--views",
      "totals,*",
    ]);
    expect(JSON.parse(run.stdout)).toMatchObject([
      { categories: ["reading"], aggregates: { order: ["PlaceOrder", "RejectOrder"], product: "*" }, views: ["totals", "*"] },
    ]);
    expect(run.stderr).toContain("narrowed to categories reading; aggregates order (PlaceOrder, RejectOrder), product; views totals, *");
    const allowed = [
      "/log",
      "/streams/reading/1",
      "/streams/order/1",
      "/views/any",
      "POST /aggregates/order/1/PlaceOrder",
      "POST /aggregates/product/1/Any",
    ];
    const refused = ["/streams/alarm/1", "POST /streams/order/1", "POST /aggregates/order/1/ConfirmOrder", "/consumers"];
    for (const [paths, status] of [
      [allowed, 200],
      [refused, 403],
    ] as const) {
      for (const one of paths) {
        const [path = "", method = "GET"] = one.split(" ").toReversed();
        expect([one, await ask(run.stdout, secretIn(run), method, path)]).toEqual([one, status]);
      }
    }
  });

  it.each([
    ["nothing", [], "--name is missing"],
    ["no rights", ["--name", "me"], "--rights is missing"],
    ["an unknown right", ["--name", "me", "--rights", "raed"], 'not "raed"'],
    ["an invalid store", ["--name", "me", "--rights", "read", "--stores", "No Store"], 'not "No Store"'],
    ["an invalid category", ["--name", "me", "--rights", "read", "--categories", "a b"], 'not "a b"'],
    ["a command of a command", ["--name", "me", "--rights", "read", "--aggregates", "a:B:C"], 'not "a:B:C"'],
    [
      "too many views",
      ["--name", "me", "--rights", "read", "--views", Array.from({ length: 51 }, (_value, n) => `v${n}`).join()],
      "at most 50",
    ],
    ["an unknown option", ["--nmae", "me"], "--nmae"],
    ["a word too many", ["me"], "too many arguments"],
    ["no time", ["--name", "me", "--rights", "read", "--expires", "soon"], 'not "soon"'],
    ["a day without its time", ["--name", "me", "--rights", "read", "--expires", "2999-01-01"], 'not "2999-01-01"'],
    ["a time in the past", ["--name", "me", "--rights", "read", "--expires", "2020-01-01T00:00:00Z"], "is over already"],
    ["no days", ["--name", "me", "--rights", "read", "--expires", "0d"], "is over already"],
    ["no such file", ["--name", "me", "--rights", "read", "--list", join(folder, "none")], "no such file"],
    ["an empty list", ["--name", "me", "--rights", "read", "--list", "-"], "stdin has no list of tokens: it is not JSON"],
    ["no token to replace", ["--name", "me", "--rights", "read", "--replace"], 'no token "me" to replace'],
  ])("shows what is wrong, and the right usage: %s", async (_what, args, why) => {
    const { code, stdout, stderr } = await token(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(why);
    expect(stderr).toContain("--help");
  });
});
