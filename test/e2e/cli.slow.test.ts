/** The command `headspring` against a real `wrangler dev`: what it prints, where, and with which status it ends. */

import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../scripts/dev-server.ts";
import { call, start } from "./command-line.ts";
import { completion } from "./completion.ts";
import { Server } from "./server.ts";

let server: Server;
const at = (args: readonly string[], store: string, input?: string) =>
  call([...args, "--json"], {
    environment: { HEADSPRING_URL: server.client.url, HEADSPRING_STORE: store },
    ...(input === undefined ? {} : { input }),
  });
const shown = (args: readonly string[], store: string) =>
  call(args, { environment: { HEADSPRING_URL: server.client.url, HEADSPRING_STORE: store } });

beforeAll(async () => {
  server = await Server.start({ main: "test/workers/worker.ts" });
});
afterAll(() => server.stop());

describe("commands, states, events and rows", () => {
  it("a command is carried out, and its events, state and row can be read", async () => {
    const sent = await at(["command", "product/apple", "ReceiveStock", '{"quantity": 10}'], "words");
    expect(sent).toMatchObject({ status: 0, stderr: "", lines: [{ ok: true, stream: "product/apple", version: 1, replayed: false }] });

    const [events, state, row, dry] = await Promise.all([
      at(["read", "product/apple"], "words"),
      at(["state", "product/apple"], "words"),
      at(["view", "stock", "apple", "--after", "1"], "words"),
      at(["command", "product/apple", "ReceiveStock", '{"quantity": 5}', "--dry-run"], "words"),
    ]);
    expect(events.lines).toMatchObject([{ type: "StockReceived", version: 1, data: { quantity: 10 } }]);
    expect(state.lines).toMatchObject([{ stream: "product/apple", version: 1 }]);
    expect(row.lines).toMatchObject([{ sku: "apple", available: 10 }]);
    expect(dry.lines).toMatchObject([{ outcome: "accepted" }]);

    const [table, story] = await Promise.all([
      shown(["view", "stock", "available.gte=1"], "words"),
      shown(["read", "product/apple"], "words"),
    ]);
    expect(table.stdout).toMatch(/^sku +.*available.*\napple +/);
    expect(story.stdout).toMatch(/product\/apple@1 {2}StockReceived {2}\{"quantity":10\}\n$/);
  });

  it("a refusal ends with status 1, with its reason on stderr for people and on stdout for programs", async () => {
    const refused = ["command", "order/1", "PlaceOrder", '{"customer": "a customer", "lines": [{"sku": "pear", "quantity": 1}]}'];
    await at(refused, "refused");
    const [program, person] = await Promise.all([at(refused, "refused"), shown(refused, "refused")]);
    expect(program).toMatchObject({ status: 1, stderr: "", lines: [{ ok: false, reason: expect.any(String) }] });
    expect(person).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^refused: [a-z-]+.*\n$/) });
  });

  it("events are given as a type and data, as JSON, or one a line on stdin, and a repeat with the same key stores nothing", async () => {
    const one = await at(["append", "sample/s", "Read", '{"value": 1}', "--key", "first", "--if-match", "absent"], "appended");
    expect(one).toMatchObject({ status: 0, lines: [{ version: 1, replayed: false }] });
    const again = await at(["append", "sample/s", "Read", '{"value": 1}', "--key", "first"], "appended");
    expect(again.lines).toMatchObject([{ version: 1, replayed: true }]);
    const lines = '{"type": "Read", "data": {"value": 2}}\n{"type": "Read", "data": {"value": 3}}\n';
    expect((await at(["append", "sample/s", "-"], "appended", lines)).lines).toMatchObject([{ version: 3 }]);

    const [backward, conflict, tail] = await Promise.all([
      at(["read", "sample/s", "--backward", "--limit", "2"], "appended"),
      shown(["append", "sample/s", '{"type": "Read", "data": {"value": 4}}', "--if-match", "1"], "appended"),
      at(["tail", "--no-live", "--last", "2", "--type", "Read"], "appended"),
    ]);
    expect(backward.lines.map(({ data }) => data.value)).toEqual([3, 2]);
    expect(conflict).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/^version-conflict: .*version 1.*version 3\. .+\n$/),
    });
    expect(tail.lines.map(({ position, data }) => [position, data.value])).toEqual([
      [2, 2],
      [3, 3],
    ]);
  });
});

describe("an operator's commands", () => {
  it("a consumer is shown, paused, resumed, and reset only after a question", async () => {
    await at(["command", "product/apple", "ReceiveStock", '{"quantity": 1}'], "operated");
    await at(["view", "stock", "--after", "1"], "operated");
    expect(await at(["pause", "stock"], "operated")).toMatchObject({ status: 0, lines: [{ name: "stock", status: "paused" }] });
    const [all, list, wrong] = await Promise.all([
      shown(["consumers"], "operated"),
      at(["consumers"], "operated"),
      shown(["retry", "stock"], "operated"),
    ]);
    expect(all.stdout).toMatch(/^name +kind +status[^]*\nstock +view +paused/);
    expect(list.lines.find(({ name }) => name === "stock")).toMatchObject({ kind: "view", status: "paused" });
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringMatching(/^action-not-possible: .+\n$/) });
    expect(await shown(["resume", "stock"], "operated")).toMatchObject({ status: 0, stdout: expect.stringMatching(/stock +view/) });

    const unasked = await shown(["reset", "fulfilment"], "operated");
    expect(unasked).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(/after position 0: \d+ events? .*--yes/) });
    const reset = await at(["reset", "fulfilment", "--yes"], "operated");
    expect(reset).toMatchObject({ status: 0, lines: [{ name: "fulfilment", warning: expect.any(String) }] });
    expect(await at(["skip", "stock", "--yes"], "operated")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("action-not-possible"),
    });
  });

  it("a source is declared from stdin, shown, stopped, and deleted only after a question", async () => {
    await server.client.call("/stores/sourced/streams/level", { schema: true }, {}, "PUT");
    const definition = { kind: "ticker", ticker: "sourced", to: "level", stream: "change.of" };
    expect(await shown(["sources"], "sourced")).toMatchObject({ status: 0, stdout: "", stderr: "no sources\n" });
    const tried = await at(["sources", "put", "ticks", JSON.stringify(definition), "--dry-run"], "sourced");
    expect(tried.lines).toMatchObject([{ dryRun: true, outcome: "created" }]);
    const put = await at(["sources", "put", "ticks", "-"], "sourced", JSON.stringify(definition));
    expect(put).toMatchObject({ status: 0, lines: [{ name: "ticks", revision: 1, definition }] });
    expect(await at(["sources", "pause", "ticks"], "sourced")).toMatchObject({ status: 0, lines: [{ status: "paused" }] });
    const [list, one, retry, skip, unasked, wrong, unnamed] = await Promise.all([
      shown(["sources", "list"], "sourced"),
      at(["sources", "show", "ticks"], "sourced"),
      shown(["sources", "retry", "ticks"], "sourced"),
      shown(["sources", "skip", "ticks", "--yes"], "sourced"),
      shown(["sources", "delete", "ticks"], "sourced"),
      shown(["sources", "put", "ticks", JSON.stringify({ ...definition, stream: "chang.of" })], "sourced"),
      shown(["sources", "show"], "sourced"),
    ]);
    expect(list.stdout).toMatch(/^name +kind +to +status[^]*\nticks +ticker +level +paused/);
    expect(one.lines).toMatchObject([{ name: "ticks", origin: "api", status: "paused" }]);
    expect(retry).toMatchObject({ status: 1, stderr: expect.stringMatching(/^action-not-possible: /) });
    expect(skip).toMatchObject({ status: 2, stderr: expect.stringContaining("fails at no change") });
    expect(unasked).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("--yes") });
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringMatching(/^invalid-request: .*chang/) });
    expect(unnamed).toMatchObject({ status: 2, stderr: expect.stringContaining("which source?") });
    expect(await at(["sources", "resume", "ticks"], "sourced")).toMatchObject({ status: 0 });
    expect(await at(["sources", "reset", "ticks", "--yes"], "sourced")).toMatchObject({ status: 0, lines: [{ name: "ticks" }] });
    expect(await shown(["sources", "delete", "ticks", "--yes"], "sourced")).toMatchObject({ status: 0, stderr: "ticks is deleted\n" });
    expect((await at(["sources"], "sourced")).lines).toEqual([]);
  });

  it("a view is rebuilt, and the command ends when that is done", async () => {
    for (const sku of ["apple", "pear"]) await at(["command", `product/${sku}`, "ReceiveStock", '{"quantity": 1}'], "rebuilt");
    const built = await at(["rebuild", "stock"], "rebuilt");
    expect(built).toMatchObject({ status: 0, stderr: "", lines: [{ name: "stock", position: 2 }] });
    expect(built.lines[0]).not.toHaveProperty("rebuild");
    expect((await at(["view", "stock"], "rebuilt")).lines).toHaveLength(2);
  });

  it("webhooks are listed, and each is shown in full", async () => {
    const { body } = await server.client.call<{ id: string }>("/stores/hooked/webhooks", { url: "http://127.0.0.1:9/", types: ["Read"] });
    const [table, one, unknown] = await Promise.all([
      shown(["webhooks"], "hooked"),
      at(["webhooks", body.id], "hooked"),
      at(["webhooks", "none"], "hooked"),
    ]);
    expect(table.stdout).toContain(body.id);
    expect(one.lines).toMatchObject([{ id: body.id, url: "http://127.0.0.1:9/", types: ["Read"] }]);
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining("unknown-webhook") });
  });
});

describe("a store as a file", () => {
  it("an export continues where it was cut, refuses another store, and can be imported into a new store as it is", async () => {
    const file = join(temporaryFolder(), "log.ndjson");
    const append = (count: number) =>
      at(["append", "sample/s", "-"], "old", Array.from({ length: count }, () => '{"type": "Read", "data": {"value": 1}}\n').join(""));
    await append(3);
    expect(await at(["export", file], "old")).toMatchObject({ status: 0, lines: [{ position: 3, added: 3 }] });
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, whole.slice(0, -20));
    await append(2);
    const put = (path: string, body: unknown) =>
      fetch(`${server.client.url}/stores/old${path}`, { method: "PUT", body: JSON.stringify(body) });
    await put("/streams/notes", { description: "made over HTTP" });
    await put("/views/latest", { from: ["sample", "notes"] });
    expect(await at(["export", file], "old")).toMatchObject({ status: 0, lines: [{ position: 5, added: 3, definitions: 2 }] });
    expect(readFileSync(file, "utf8").startsWith(whole)).toBe(true);

    expect(await at(["import", file], "new")).toMatchObject({ status: 0, lines: [{ lines: 7, imported: 7, known: 0 }] });
    expect(await at(["import", file], "new")).toMatchObject({ status: 0, lines: [{ lines: 7, imported: 0, known: 7 }] });
    const { body } = await server.client.call<{ views: unknown[] }>("/stores/new/views?name=latest");
    expect(body.views).toMatchObject([{ name: "latest", origin: "api" }]);
    await at(["append", "sample/t", "-"], "third", '{"type": "Read", "data": {"value": 1}}\n'.repeat(6));
    expect(await at(["export", file], "third")).toMatchObject({ status: 1, stderr: expect.stringContaining("this is another store") });
    for (const other of ["no event\n", "no event", `${whole}no event`]) {
      writeFileSync(file, other);
      expect(await at(["export", file], "old")).toMatchObject({ status: 1, stderr: expect.stringContaining("no export, or damaged") });
      expect(readFileSync(file, "utf8")).toBe(other);
    }
  });

  it("lines without an id are imported once under a key, and a wrong one is reported by its number", async () => {
    const line = (value: unknown) => `${JSON.stringify({ stream: "sample/s", type: "Read", data: { value } })}\n`;
    const facts = line(1) + line(2);
    expect(await at(["import", "-"], "facts", facts)).toMatchObject({ status: 1, stderr: expect.stringContaining("line 1: ") });
    expect(await at(["import", "-", "--key", "one"], "facts", facts)).toMatchObject({ lines: [{ imported: 2 }] });
    expect(await at(["import", "-", "--key", "one"], "facts", facts)).toMatchObject({ lines: [{ imported: 0, known: 2 }] });
    const wrong = await at(["import", "-", "--key", "two", "--validate"], "facts", facts + line("three"));
    expect(JSON.parse(wrong.stderr)).toMatchObject({ code: "invalid-event", line: 3, imported: 2 });
  });
});

describe("loops", () => {
  it("tail shows the last events, then those that follow, and ends quietly when its reader ends", async () => {
    for (const value of [1, 2, 3]) await at(["append", "sample/s", "Read", `{"value": ${value}}`], "followed");
    const child = start(["tail", "--last", "1", "--json", "--url", server.client.url, "--store", "followed"]);
    const closed = once(child, "close");
    let stderr = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const values: number[] = [];
    for await (const chunk of child.stdout!.setEncoding("utf8")) {
      for (const line of (chunk as string).split("\n")) if (line !== "") values.push(JSON.parse(line).data.value);
      if (values.length === 1) await at(["append", "sample/s", "Read", '{"value": 4}'], "followed");
      if (values.length === 2) break; // closes the pipe
    }
    await at(["append", "sample/s", "Read", '{"value": 5}'], "followed");
    expect(values).toEqual([3, 4]);
    expect([await closed, stderr]).toEqual([[0, null], ""]);
  });

  it("a live view shows its rows, then each that changes, until Ctrl-C", async () => {
    await at(["command", "product/apple", "ReceiveStock", '{"quantity": 1}'], "live");
    const child = start(["view", "stock", "--live", "--json", "--url", server.client.url, "--store", "live"]);
    const changes: { type: string; row?: { available: number } }[] = [];
    for await (const chunk of child.stdout!.setEncoding("utf8")) {
      for (const line of (chunk as string).split("\n")) if (line !== "") changes.push(JSON.parse(line));
      if (changes.length === 1) await at(["command", "product/apple", "ReceiveStock", '{"quantity": 1}'], "live");
      if (changes.at(-1)!.row?.available === 2) break;
    }
    child.kill("SIGINT");
    expect(changes[0]!.type).toBe("rows");
    expect(changes.at(-1)).toMatchObject({ type: "row", key: "apple", row: { available: 2 } });
  });
});

describe("doctor", () => {
  it("names what a project's configuration lacks, adds it, and then finds nothing", async () => {
    const cwd = temporaryFolder();
    const config = join(cwd, "wrangler.toml");
    const doctor = (...args: string[]) => call(["doctor", ...args], { cwd });
    expect(await doctor()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("there is no wrangler.json, wrangler.jsonc, wrangler.toml"),
    });

    const begun = 'name = "rooms" # ours\nmain = "worker.ts"\ncompatibility_date = "2024-01-01"\n';
    writeFileSync(config, begun);
    writeFileSync(join(cwd, "worker.ts"), 'import { createWorker } from "headspring/runtime";\nexport default createWorker(app);\n');
    const [person, program] = await Promise.all([doctor(), doctor("--json")]);
    expect(person).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^queue-without-consumer: .+\n {2}in wrangler\.toml:\n {4}\[\[queues/m),
    });
    expect(new Set(program.lines.map(({ code }) => code))).toEqual(
      new Set([
        "class-not-exported",
        "class-not-declared",
        "queue-not-bound",
        "queue-without-consumer",
        "database-not-bound",
        "cron-missing",
        "compatibility-date-too-old",
        "nodejs-compat-missing",
      ]),
    );
    expect(readFileSync(config, "utf8")).toBe(begun);
    expect(await doctor("--fix")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^fixed: the queue rooms-wake-ups/m) });
    expect(readFileSync(config, "utf8")).toMatch(/^name = "rooms" # ours\n/);
    expect(await doctor()).toMatchObject({ status: 0, stdout: "" });
  });

  it("checks, with an address, whether the deployment has tokens", async () => {
    const cwd = join(import.meta.dirname, "../..");
    const lacking = createServer((_request, response) =>
      response.writeHead(503, { "content-type": "application/problem+json" }).end('{"code": "auth-not-configured", "detail": "no tokens"}'),
    ).listen(0, "127.0.0.1");
    await once(lacking, "listening");
    const { port } = lacking.address() as AddressInfo;
    const [without, local] = await Promise.all([
      call(["doctor", "--json", "--url", `http://127.0.0.1:${port}`], { cwd }),
      call(["doctor", "--json", "--url", server.client.url], { cwd }),
    ]);
    lacking.close();
    expect(without).toMatchObject({ status: 1, lines: [{ code: "tokens-missing", fixed: false }] });
    expect(local).toMatchObject({ status: 0, lines: [] });
  });
});

describe("completion", () => {
  completion(() => server.client);
});

describe("mistakes", () => {
  it("wrong calls end with status 2 and the right usage", async () => {
    const wrong: [string[], RegExp][] = [
      [["red", "order/1"], /unknown command 'red'[\s\S]*read/],
      [["read"], /missing required argument 'stream'/],
      [["read", "order"], /^usage: .*category\/id/],
      [["read", "order/1", "--from", "x"], /^usage: --from takes a number/],
      [["append", "sample/s", "Read", "{"], /^usage: "\{" is not JSON/],
      [["append", "sample/s", "-"], /^usage: stdin is not JSON/],
      [["append", "sample/s", "[1]"], /^usage: an event is a JSON object/],
      [["view", "stock", "apple", "available=1"], /^usage: a key or conditions/],
      [["tail", "--url", "localhost"], /^usage: --url takes an address/],
    ];
    const answers = await Promise.all(wrong.map(([args]) => call(args)));
    for (const [index, { status, stdout, stderr }] of answers.entries()) {
      expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: "", stderr: expect.stringMatching(wrong[index]![1]) });
    }
  });

  it("a problem is one line with its code, its detail and its remedy, or JSON; data cannot control the terminal", async () => {
    const [unknown, unknownJson, invalid, nobody, hostile] = await Promise.all([
      shown(["view", "stok"], "mistakes"),
      at(["view", "stok"], "mistakes"),
      shown(["command", "product/apple", "ReceiveStock", '{"quantity": "ten"}'], "mistakes"),
      call(["state", "product/apple", "--url", "http://127.0.0.1:9"]),
      call(["read", "\u001B[31m\u009B31m"]),
    ]);
    expect(unknown).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^unknown-view: .+\. .+\n$/) });
    expect(JSON.parse(unknownJson.stderr)).toMatchObject({
      code: "unknown-view",
      status: 404,
      detail: expect.any(String),
      remedy: expect.any(String),
    });
    expect(invalid).toMatchObject({ status: 1, stderr: expect.stringMatching(/^invalid-command: .*quantity.*\n$/) });
    expect(nobody).toMatchObject({ status: 1, stderr: expect.stringMatching(/^unreachable: nothing answers at .*HEADSPRING_URL.*\n$/) });
    expect(hostile.stderr).toContain(String.raw`"\u001b[31m\u009b31m"`);
  });

  it("help lists what each command accepts, with examples", async () => {
    const { status, stdout } = await call(["help", "append"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/--if-match[\s\S]*HEADSPRING_URL[\s\S]*Examples:\n {2}headspring append /);
  });
});
