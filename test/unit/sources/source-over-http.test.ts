/** Sources that are declared over HTTP: their form, what is wrong with them, and what they make of a change. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { JsonObject } from "../../../src/core/event.ts";
import { category } from "../../../src/index.ts";
import { CodeMistake } from "../../../src/core/mistake.ts";
import { checkSource, readSource, sourceFrom } from "../../../src/definitions/over-http/source.ts";
import { type AnySourceKind, type ReadKind, SourceStopped } from "../../../src/definitions/sources/kind.ts";
import { postgresKind } from "../../../src/sources/postgres/kind.ts";
import { around, declared, shapeInCode } from "../../rules.ts";

const table: ReadKind<{ connection: string; tables?: string[] | undefined }> = {
  name: "table",
  settings: z.strictObject({ connection: z.string(), tables: z.array(z.string()).max(3).optional() }),
  change: {
    type: "object",
    properties: { op: { enum: ["insert", "delete"] }, key: { type: "object" }, after: { type: ["object", "null"] }, n: { type: "number" } },
    required: ["op", "key"],
    additionalProperties: false,
  },
  needs: ({ connection }) => [connection],
  everyMs: 5_000,
  connect: () => Promise.reject(new Error("nothing is read here")),
};
const messages: AnySourceKind = {
  name: "messages",
  isBrought: true,
  settings: z.strictObject({ queue: z.string() }),
  change: true,
  needs: () => [],
  queueOf: ({ queue }) => queue,
  changeOf: ({ id, body }) => ({ id, position: id, value: { body } }),
};
const kinds = new Map<string, AnySourceKind>([table, messages].map((kind) => [kind.name, kind]));

const stock = declared("stock", { schema: { type: "object" } });
const typed = declared("typed", { events: { Added: true, Removed: true } });
const single = declared("single", { events: { Added: true } });
const rules = { ...declared("rules", {}).shape, kind: "aggregate" as const };
const empty = shapeInCode(category("empty", { events: {} }));
const world = around([stock.shape, typed.shape, single.shape, empty, rules]);

const definition = { kind: "table", connection: "STOCK", to: "stock", stream: "change.key.sku" };

/** What is wrong with a definition, as `path: message`. */
function mistakes(more: object, isBound = (_name: string) => true): string[] {
  const form = readSource({ ...definition, ...more }, kinds);
  const issues = "issues" in form ? form.issues : checkSource(form, world, isBound);
  return issues.map(({ path, message }) => `${path}: ${message}`);
}

const declare = (more: object = {}) => sourceFrom("check", { ...definition, ...more }, kinds, "default");
const change = (more: object = {}) => ({ op: "insert", key: { sku: "tea" }, after: { units: 3 }, ...more }) as JsonObject;

describe("a definition", () => {
  it("has members of its own and the settings of its kind, and nothing else", () => {
    expect(
      mistakes({ tables: ["stock"], every: "2s", where: "change.op == 'insert'", data: { units: "1" }, description: "a table" }),
    ).toEqual([]);
    expect(mistakes({ tabels: [] })).toEqual([
      expect.stringMatching(/^tabels: .*kind table has no such member; it has kind, .*connection, tables$/),
    ]);
    expect(mistakes({ tables: ["a", "b", "c", "d"], connection: 7 })).toEqual([
      expect.stringMatching(/^connection: /),
      expect.stringMatching(/^tables: /),
    ]);
    expect(mistakes(JSON.parse('{"data": {"__proto__": "1"}}') as object)).toEqual([
      "data.__proto__: `__proto__` cannot be the name of a member",
    ]);
  });

  it.each([[null], [[]], ["text"], [7], [{}]])("that is invalid is refused: %j", (body) => {
    expect(readSource(body, kinds)).toMatchObject({
      issues: expect.arrayContaining([expect.objectContaining({ message: expect.any(String) })]),
    });
  });

  it("of an unknown kind is refused with the known kinds, and with how to add one", () => {
    const [first] = mistakes({ kind: "kafka" });
    expect(first).toBe(
      'kind: this worker has no kind of source "kafka"; it has messages, table. A worker gets further kinds in its code: defineApp({ sourceKinds: [postgres] })',
    );
    expect(mistakes({ kind: "x".repeat(10_000) })[0]!.length).toBeLessThan(300);
    for (const kind of ["__proto__", "constructor", "toString", ""]) expect(mistakes({ kind })).toHaveLength(1);
  });

  it("polls for changes between every 100 ms and once a day, and not at all where they are pushed", () => {
    for (const every of ["100ms", "5s", "24h", "1d"]) expect(mistakes({ every })).toEqual([]);
    for (const every of ["99ms", "25h", "2d", "5", "-5s", "1.5s", "5 s", ""])
      expect(mistakes({ every })).toEqual([expect.stringMatching(/^every: /)]);
    const form = readSource({ kind: "messages", queue: "changes", to: "stock", stream: "'one'", every: "5s" }, kinds);
    expect(form).toMatchObject({ issues: [{ path: "every" }] });
  });

  it("names only what the deployment has: the mistake has the name of what is missing, at its setting", () => {
    expect(mistakes({}, () => false)).toEqual([
      "connection: the deployment has no variable, secret or binding STOCK that a source may use",
    ]);
  });

  it("feeds a plain category", () => {
    expect(mistakes({ to: "rules" })).toEqual([expect.stringMatching(/^to: rules is an aggregate/)]);
    expect(mistakes({ to: "nowhere" })).toEqual(["to: there is no category nowhere"]);
  });

  it("gives the type unless the category has only one", () => {
    expect(mistakes({ to: "single" })).toEqual([]);
    expect(mistakes({ to: "empty" })).toEqual([expect.stringMatching(/^type: empty has not one event type, but none: give `type`/)]);
    expect(mistakes({ to: "empty", type: "'Added'" })).toEqual(["type: empty has no event type Added; it has none"]);
    expect(mistakes({ to: "typed" })).toEqual([
      expect.stringMatching(/^type: typed has not one event type, but Added, Removed: give `type`/),
    ]);
    expect(mistakes({ to: "typed", type: "change.op == 'insert' ? 'Added' : 'Removed'" })).toEqual([]);
    expect(mistakes({ to: "typed", type: "'Other'" })).toEqual([expect.stringMatching(/^type: typed has no event type Other/)]);
    expect(mistakes({ to: "typed", type: "'$deleted'" })).toEqual([expect.stringMatching(/^type: an event type must match/)]);
  });

  it("has expressions of the types that their places need, checked against the kind's description of a change", () => {
    expect(mistakes({ stream: "change.kee.sku" })).toEqual([expect.stringMatching(/^stream: .*kee.*key/)]);
    expect(mistakes({ stream: "event.id" })).toEqual([expect.stringMatching(/^stream: unknown name .*event.*there are .*change/)]);
    expect(mistakes({ stream: "change.op == 'insert'" })).toEqual(["stream: it must give a string or a number, and gives true or false"]);
    expect(mistakes({ stream: "'a/b'" })).toEqual(["stream: a stream id must not contain `/`"]);
    expect(mistakes({ where: "change.op" })).toEqual([expect.stringMatching(/^where: it must give true or false/)]);
    expect(mistakes({ data: "change.op" })).toEqual([expect.stringMatching(/^data: it must give an object/)]);
    expect(mistakes({ data: { units: "change.aftre.units" } })).toEqual([expect.stringMatching(/^data\.units: .*after/)]);
    expect(mistakes({ type: "1" })).toEqual([expect.stringMatching(/^type: it must give a string/)]);
    expect(mistakes({ data: "change.op ==" })).toEqual([expect.stringMatching(/^data: /)]);
    expect(mistakes({ stream: "x".repeat(100_000) })).toHaveLength(1);
  });
});

describe("a definition of a source of PostgreSQL", () => {
  const check = (more: object) => {
    const form = readSource(
      { kind: "postgres", connection: "DB", tables: ["stock", "sales.orders"], to: "stock", stream: "change.key.sku", ...more },
      new Map([["postgres", postgresKind as AnySourceKind]]),
    );
    const issues = "issues" in form ? form.issues : checkSource(form, world, () => true);
    return issues.map(({ path, message }) => `${path}: ${message}`);
  };

  it("is checked against what a change of a table has", () => {
    const where = "change.table == 'public.stock' && change.op != 'delete' && change.after.units > 0";
    expect(check({ where, data: { at: "change.committedAt", lsn: "change.lsn" } })).toEqual([]);
    expect(check({ stream: "change.kye.sku" })).toEqual([expect.stringMatching(/^stream: .*kye/)]);
    expect(check({ where: "change.unchanged == 'body'" })).toEqual([expect.stringMatching(/^where: /)]);
  });
});

describe("what a source makes of a change", () => {
  it("has the stream, the type and the data that the expressions give; without them, the change itself", () => {
    expect(declare().eventOf(change())).toEqual({ stream: "tea", data: change() });
    const shaped = declare({ type: "'Added'", data: { units: "change.after.units", "at.op": "change.op" } });
    expect(shaped.eventOf(change())).toEqual({ stream: "tea", type: "Added", data: { units: 3, at: { op: "insert" } } });
    expect(declare({ stream: "change.n" }).eventOf(change({ n: 12 }))).toMatchObject({ stream: "12" });
  });

  it("is nothing if `where` is false", () => {
    const inserts = declare({ where: "change.op == 'insert'" });
    expect(inserts.eventOf(change())).toBeDefined();
    expect(inserts.eventOf(change({ op: "delete" }))).toBeUndefined();
  });

  it.each([
    ["stream", "change.key.nothing", /^stream: the expression .*nothing.*column/],
    ["stream", "change.after", /^stream: it must give a string or a number, and gave an object$/],
    ["type", "change.key.n", /^type: it must give a string, and gave a number$/],
    ["data", "change.key.sku", /^data: it must give an object, and gave a string$/],
    ["where", "change.key.sku", /^where: it must give true or false, and gave a string$/],
    ["stream", "['a'][change.key.n]", /^stream: the expression/],
  ])("fails at %s with %s, and names the place without a value of the change", (member, text, message) => {
    const failing = () => declare({ [member]: text }).eventOf(change({ key: { sku: "secret-tea", n: 4711 } }));
    expect(failing).toThrow(CodeMistake);
    expect(failing).toThrow(message);
    expect(failing).not.toThrow(/secret-tea|4711/);
  });

  it("fails in the same way where an expression depends on nothing and can never be computed: such a definition is accepted", () => {
    const impossible = { to: "typed", stream: "['a'][3]", type: "['Added'][3]" };
    expect(mistakes(impossible)).toEqual([]);
    expect(() => declare(impossible).eventOf(change())).toThrow(/^stream: the expression/);
    expect(() => declare({ ...impossible, stream: "'a'" }).eventOf(change())).toThrow(/^type: the expression/);
  });

  it("costs a bounded effort for one change, whatever the expressions", () => {
    const list = Array.from({ length: 1_000 }, () => "x".repeat(2_000));
    const members = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`m${index}`, "change.list.filter(i, i != 'y')"]));
    const busy = declare({ data: members, where: "change.list.filter(i, i != '').size() > 0" });
    expect(() => busy.eventOf({ ...change(), list })).toThrow(/too much|more than/);
  });
});

describe("a source whose kind this worker lacks, or has with other settings", () => {
  it.each([
    ["an unknown kind", { kind: "kafka" }, /no kind of source "kafka"/],
    ["settings of another version", { connection: 7 }, /kind table does not accept the settings: connection: /],
  ])("%s: stops as soon as it connects, with the reason", async (_what, more, message) => {
    const { outside } = declare(more);
    const context = { store: "default", source: "check", cursor: undefined, binding: () => undefined };
    const kind = outside.kind as ReadKind;
    await expect(kind.connect(outside.settings, context)).rejects.toThrow(SourceStopped);
    await expect(kind.connect(outside.settings, context)).rejects.toThrow(message);
    await expect(kind.forget!(outside.settings, context, "remove")).rejects.toThrow(message);
  });
});
