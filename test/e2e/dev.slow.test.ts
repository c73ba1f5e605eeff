/** `headspring dev` in projects of other apps than the shop: what it prints is true for each, and what keeps a store from starting is named. */

import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { freePort, temporaryFolder } from "../../scripts/dev-server.ts";
import { call, start } from "./command-line.ts";
import { descendants, processes } from "./processes.ts";

const ROOT = join(import.meta.dirname, "../..");
const CONFIG = readFileSync(join(ROOT, "create/templates/common/wrangler.jsonc"), "utf8")
  .replaceAll("{{name}}", "rooms")
  .replace("{{compatibility date}}", "2026-11-01")
  .replace("  // {{page}}\n", "");
const WORKER = `import { createWorker, objects } from "${ROOT}/src/runtime.ts";
import { app } from "./app.ts";
export default createWorker(app);
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
`;
const QUERIES = `import { createQueryWorker } from "${ROOT}/src/runtime.ts";
import { app } from "./app.ts";
export default createQueryWorker(app);
`;
const IMPORTS = `import * as z from "zod";
import { aggregate, category, defineApp, event, refuse, streamIdOf, view } from "${ROOT}/src/index.ts";
`;
const NOTHING = `${IMPORTS}export const app = defineApp({});\n`;

/** Rules that a schema does not show: the first aggregate takes no command in a new stream, and one command wants more than its schema says. */
const ROOMS = `${IMPORTS}
const closed = aggregate("closed", {
  events: { Opened: z.object({}) },
  commands: { Open: z.object({}) },
  initialState: () => ({}),
  evolve: { Opened: (state) => state },
  decide: { Open: () => refuse("never") },
});
const room = aggregate("room", {
  events: { Booked: z.object({ by: z.string(), from: z.iso.datetime() }), Noted: z.object({}) },
  commands: {
    Note: z.object({}),
    Book: z.object({
      by: z.string().meta({ examples: ["d'Arcy"] }),
      from: z.iso.datetime().refine((time) => Date.parse(time) > Date.now(), "is over"),
      seats: z.int().min(2).optional(),
    }).refine(({ seats }) => seats !== undefined, "how many?"),
  },
  initialState: () => ({ isBooked: false }),
  evolve: { Booked: () => ({ isBooked: true }), Noted: (state) => state },
  decide: {
    Note: ({ isBooked }) => (isBooked ? event("Noted", {}) : refuse("nothing-to-note")),
    Book: (_state, { by, from }) => event("Booked", { by, from }),
  },
});
const row = z.object({ id: z.string() });
const others = view("others", { from: closed, row, key: "id", on: { Opened: (_row, { stream }) => ({ id: streamIdOf(stream) }) } });
const bookings = view("bookings", { from: room, row, key: "id", on: { Booked: (_row, { stream }) => ({ id: streamIdOf(stream) }) } });
export const app = defineApp({ aggregates: [closed, room], views: [others, bookings] });
`;

/** Facts only: nothing to send commands to. */
const FACTS = `${IMPORTS}
const reading = category("reading", {
  events: { Faulty: z.object({ code: z.string().refine(() => false) }), Read: z.object({ celsius: z.number().min(-273.15).max(-200), at: z.iso.datetime() }) },
});
const last = view("last", { from: reading, row: z.object({ id: z.string(), celsius: z.number() }), key: "id",
  on: { Read: (_row, { stream, data }) => ({ id: streamIdOf(stream), celsius: data.celsius }) } });
export const app = defineApp({ categories: [reading], views: [last] });
`;

const projects: string[] = [];

function projectWith(app: string, config = CONFIG): string {
  const folder = join(temporaryFolder(), "rooms");
  mkdirSync(join(folder, "src"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const [path, text] of Object.entries({ "wrangler.jsonc": config, "src/worker.ts": WORKER, "src/app.ts": app }))
    writeFileSync(join(folder, path), text);
  projects.push(folder);
  return folder;
}

/** `headspring dev` in a project, with all that it prints. */
class Dev {
  readonly child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  stdout = "";
  stderr = "";

  constructor(cwd: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.child = start(["dev", ...args], { cwd, environment });
    this.#closed = once(this.child, "close");
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
  }

  /** Waits until something is printed. */
  async prints(text: RegExp): Promise<void> {
    await until(`${text} from headspring dev`, () => {
      if (this.child.exitCode !== null) throw new Error(`it has ended:\n${this.stdout}${this.stderr}`);
      return text.test(this.stdout + this.stderr) || undefined;
    });
  }

  /** The lines to paste. */
  get calls(): string[] {
    if (this.stdout.startsWith("{")) return (JSON.parse(this.stdout) as { calls: { curl: string }[] }).calls.map(({ curl }) => curl);
    return this.stdout.split("\n").flatMap((line) => (line.startsWith("  curl ") ? [line.trim()] : []));
  }

  /** Runs them in order, as a shell does; each must succeed. */
  async answers(environment: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (const line of this.calls) {
      const env = { ...process.env, ...environment };
      const { stdout } = await promisify(execFile)("sh", ["-c", `${line} -w '\\n%{http_code}'`], { env });
      const [, body = "", status] = /^([^]*)\n(\d+)$/.exec(stdout) ?? [];
      if (!/^20[01]$/.test(status ?? "")) throw new Error(`${status} for ${line}\n${body}`);
      answers.push(JSON.parse(body));
    }
    return answers;
  }

  /** Ends it by Ctrl-C. @returns its status, and how many processes are left */
  async interrupt(): Promise<{ status: unknown; left: number }> {
    const family = new Set(descendants(this.child.pid ?? 0).map(({ pid }) => pid));
    this.child.kill("SIGINT");
    const [status] = await this.#closed;
    return { status, left: processes().filter(({ pid }) => family.has(pid)).length };
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.interrupt();
  }
}

describe("headspring dev", () => {
  const running: Dev[] = [];
  const dev = (...args: ConstructorParameters<typeof Dev>) => {
    const one = new Dev(...args);
    running.push(one);
    return one;
  };
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.end()));
    for (const folder of projects.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  it("waits for an app that does not compile, and prints calls that the app's rules accept, and that a shell reads rightly", async () => {
    const project = projectWith(`${ROOMS}\nconst broken = ;\n`);
    const port = await freePort();
    const store = dev(project, [`--port=${port}`, "--inspector-port", "0"]);
    await store.prints(/Unexpected ";"[^]*does not compile\. The store starts when/);
    writeFileSync(join(project, "src/app.ts"), `${ROOMS}console.log("loaded");\n`);
    await store.prints(/describes every call/);
    expect(store.calls[0]).toMatch(/\/room\/1\/Book -d '\{"by": "d'\\''Arcy", "from": "[^"]+Z", "seats": 2\}'$/);
    expect(await store.answers()).toMatchObject([
      { stream: "room/1", events: [{ type: "Booked" }] },
      { stream: "room/1", events: [{ data: { by: "d'Arcy" } }] },
      { rows: [{ id: "1" }] },
      { head: 1 },
    ]);
    // What the app itself prints stays.
    expect(store.stdout).toContain("loaded\n");
    expect(await store.interrupt()).toEqual({ status: 0, left: 0 });
  });

  it("starts a worker that only answers queries next to the store, and ends both", async () => {
    const project = projectWith(ROOMS);
    const objects = (script: string) => `"durable_objects": { "bindings": [
      { "name": "LOGS", "class_name": "LogObject", "script_name": "${script}" },
      { "name": "CATALOGS", "class_name": "CatalogObject", "script_name": "${script}" }] },`;
    const queries = (bindings: string) => `{ "name": "queries", "main": "src/queries.ts", ${bindings}
      "compatibility_date": "2026-11-01", "compatibility_flags": ["nodejs_compat"],
      "d1_databases": [{ "binding": "VIEWS", "database_name": "rooms-views" }] }`;
    writeFileSync(join(project, "src/queries.ts"), QUERIES);
    writeFileSync(join(project, "wrangler.queries.jsonc"), queries(""));
    const port = await freePort();
    const args = [`--port=${port}`, "--inspector-port=0", "-c", "wrangler.jsonc", "-c", "wrangler.queries.jsonc"];
    const lacking = await call(["dev", ...args], { cwd: project });
    expect(lacking).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^object-not-bound: LOGS [^]*\nobject-not-bound: CATALOGS /),
    });
    writeFileSync(join(project, "wrangler.queries.jsonc"), queries(objects("rooms")));
    const store = dev(project, args, { WRANGLER_REGISTRY_PATH: join(project, "registry") });
    await store.prints(/describes every call/);
    await store.prints(new RegExp(`only answers queries listens on http://localhost:${port + 1}`));
    await store.answers();
    const strong = () => fetch(`http://127.0.0.1:${port + 1}/views/bookings?consistency=strong`);
    await until("the one worker finds the other", async () => ((await strong()).ok ? true : undefined));
    expect(await (await strong()).json()).toMatchObject({ rows: [{ id: "1" }], position: 1 });
    expect(await store.interrupt()).toEqual({ status: 0, left: 0 });
  });

  it("starts again when an app that failed to load is fixed, and makes a fact's data from its schema", async () => {
    const project = projectWith(`${FACTS}throw new Error("not like this");\n`);
    const store = dev(project, [`--port=${await freePort()}`, "--inspector-port=0", "--store", "mine"]);
    await store.prints(/Uncaught Error: not like this[^]*fails when it is loaded[^]*The store starts when/);
    // Once, and nothing of the runtime's own.
    expect(store.stderr.match(/not like this/g)).toHaveLength(1);
    expect(store.stderr).not.toMatch(/workerd|WARNING|workers-sdk/);
    writeFileSync(join(project, "src/app.ts"), FACTS);
    await store.prints(/describes every call/);
    expect(await store.answers()).toMatchObject([
      { stream: "reading/1", events: [{ type: "Read" }] },
      { stream: "reading/1", events: [{ data: { celsius: expect.any(Number) } }] },
      { rows: [{ id: "1" }] },
      { head: 1 },
    ]);
    writeFileSync(join(project, "src/app.ts"), `${FACTS}// changed\n`);
    await store.prints(/The changed code runs/);
  });

  it("names the token that is needed without showing it, accepts its own certificate, and gives programs one line of JSON", async () => {
    // Its worker is named on the command line only.
    const project = projectWith(`${NOTHING}console.log("loaded");\n`, CONFIG.replace(/^ {2}"main".*\n/m, ""));
    const made = await call(["token", "--name=me", "--rights=read,write,admin"]);
    const [token = ""] = /[\w-]{40,}/.exec(made.stderr) ?? [];
    writeFileSync(join(project, ".dev.vars"), `API_TOKENS=${made.stdout.trim()}\n`);
    const port = await freePort();
    const args = ["src/worker.ts", `--port=${port}`, "--inspector-port=0"];
    const store = dev(project, [...args, "--local-protocol", "https", "--json"], { HEADSPRING_TOKEN: token });
    await until("a line", () => store.stdout.endsWith("\n") || undefined);
    expect(JSON.parse(store.stdout)).toMatchObject({
      url: `https://127.0.0.1:${port}`,
      calls: [
        { method: "PUT", path: "/streams/note", body: {} },
        { path: "/streams/note/1", body: { type: "Noted" } },
        {},
        { path: "/log" },
      ],
    });
    expect(store.stderr).toContain("loaded\n");
    expect(store.stdout + store.stderr).not.toContain(token);
    for (const line of store.calls) expect(line).toContain(`curl -sk -H "Authorization: Bearer $HEADSPRING_TOKEN" `);
    const answers = await store.answers({ HEADSPRING_TOKEN: token });
    expect(answers).toMatchObject([{ name: "note" }, { stream: "note/1" }, { version: 1 }, { head: 1 }]);
    await store.end();

    const stranger = dev(project, args);
    await stranger.prints(/Headspring listens[^]*It asks for a token .*HEADSPRING_TOKEN/);
    expect(stranger.calls).toEqual([]);
  });
});

describe("what keeps the store from starting is reported with a remedy, and nothing is left behind", () => {
  const devIn = (cwd: string, ...args: string[]) => call(["dev", ...args], { cwd });

  it("in the configuration, by the checks of doctor", async () => {
    const config = CONFIG.replace(/^ {2}"d1_databases".*\n/m, "").replace("2026-11-01", "2024-01-01");
    const staged = CONFIG.replace(/\}\s*$/, '  "env": { "staging": {} } }');
    const folder = temporaryFolder();
    const [lacking, program, stage, unknown, none] = await Promise.all([
      devIn(projectWith(NOTHING, config)),
      devIn(projectWith(NOTHING, config), "--json"),
      devIn(projectWith(NOTHING, staged), "--env", "staging"),
      devIn(projectWith(NOTHING, staged), "--env", "stagign"),
      devIn(folder),
    ]);
    expect(lacking).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        /^database-not-bound: .+\n {2}in wrangler.jsonc:\n {4}"d1_databases".+\ncompatibility-date-too-old: .+\n.+\n.+\n$/,
      ),
      stderr: expect.stringContaining("headspring doctor --fix"),
    });
    expect(program.lines.map(({ code }) => code)).toEqual(["database-not-bound", "compatibility-date-too-old"]);
    expect(stage).toMatchObject({ status: 1, stdout: expect.stringContaining('"env":{"staging":{"d1_databases":') });
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining("has no environment stagign: it has staging") });
    expect(none).toMatchObject({ status: 1, stderr: expect.stringContaining("call it in the folder of a worker") });
  });

  it("a missing wrangler, which is not downloaded, a port in use, and options that are wrong", async () => {
    const bare = projectWith(NOTHING);
    rmSync(join(bare, "node_modules"));
    const project = projectWith(NOTHING);
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const [missing, taken, wrong, unknown] = await Promise.all([
      devIn(bare),
      devIn(project, "--port", String(port)),
      devIn(project, "--port", "http"),
      devIn(project, "--port", String(await freePort()), "--no-such-option"),
    ]);
    other.close();
    expect(missing).toMatchObject({ status: 1, stderr: expect.stringMatching(/^failed: .*npm install --save-dev wrangler\.\n$/) });
    expect(taken).toMatchObject({ status: 1, stderr: `failed: port ${port} is in use. Choose another one: --port ${port + 1}.\n` });
    expect(wrong).toMatchObject({ status: 2, stderr: expect.stringMatching(/^usage: --port, or PORT, takes a number/) });
    // Wrangler's own words, and that nothing runs.
    expect(unknown).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/Unknown argument[^]*wrangler ended before the store answered/),
    });
  });
});
