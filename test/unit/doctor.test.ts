/** `headspring doctor`: each fault of a configuration is found by its code, and what it writes leaves the rest of the file as it is. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parsed } from "../../src/cli/doctor/config-file.ts";
import { applied } from "../../src/cli/doctor/edit.ts";
import { findingsIn } from "../../src/cli/doctor/findings.ts";
import { exportsOf, withExports } from "../../src/cli/doctor/main-file.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = `import { createWorker, objects } from "headspring/runtime"; // the store
import { app } from "./app.ts";

export default createWorker(app);
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
`;

const TOML = `name = "rooms" # ours
main = "src/worker.ts"
compatibility_date = "2026-11-01" # tested with it
compatibility_flags = ["nodejs_compat"]

# Found by their exports.
[exports.StreamObject]
type = "durable-object"
storage = "sqlite"

[exports.LogObject]
type = "durable-object"
storage = "sqlite"

[exports.WebhookObject]
type = "durable-object"
storage = "sqlite"

[exports.CatalogObject]
type = "durable-object"
storage = "sqlite"

[exports.SourceObject]
type = "durable-object"
storage = "sqlite"

[[queues.producers]]
binding = "WAKE_UPS"
queue = "bells"

[[queues.consumers]]
queue = "bells" # read by us
max_retries = 10

[[d1_databases]]
binding = "VIEWS"
database_name = "rooms"

[triggers]
crons = ["*/5 * * * *"]
`;

const JSONC = `{
  // ours
  "name": "rooms",
  "main": "src/worker.ts",
  "compatibility_date": "2026-11-01", // tested with it
  "compatibility_flags": ["nodejs_compat"],
  "exports": {
    "StreamObject": { "type": "durable-object", "storage": "sqlite" },
    "LogObject": { "type": "durable-object", "storage": "sqlite" },
    "WebhookObject": { "type": "durable-object", "storage": "sqlite" },
    "CatalogObject": { "type": "durable-object", "storage": "sqlite" },
    "SourceObject": { "type": "durable-object", "storage": "sqlite" },
  },
  "queues": {
    "producers": [{ "binding": "WAKE_UPS", "queue": "bells" }],
    "consumers": [
      { "queue": "bells", "max_retries": 10 }, // read by us
    ],
  },
  "d1_databases": [{ "binding": "VIEWS", "database_name": "rooms" }],
  "triggers": { "crons": ["*/5 * * * *"] },
}
`;

/** The lines of a configuration that a fault takes out or changes, in both languages. */
const FAULTS: readonly [code: string, toml: readonly [RegExp, string], jsonc: readonly [RegExp, string]][] = [
  ["class-not-declared", [/\[exports\.LogObject\]\n.*\n.*\n/, ""], [/ {4}"LogObject".*\n/, ""]],
  ["queue-not-bound", [/\[\[queues\.producers\]\]\n.*\n.*\n/, ""], [/ {4}"producers".*\n/, ""]],
  ["queue-without-consumer", [/\[\[queues\.consumers\]\]\n.*\n.*\n/, ""], [/ {6}\{ "queue": "bells", "max_retries".*\n/, ""]],
  [
    "dead-letter-queue-without-consumer",
    [/max_retries = 10/, 'max_retries = 10\ndead_letter_queue = "dead"'],
    [/"max_retries": 10/, '"max_retries": 10, "dead_letter_queue": "dead"'],
  ],
  ["database-not-bound", [/\[\[d1_databases\]\]\n.*\n.*\n/, ""], [/ {2}"d1_databases".*\n/, ""]],
  ["cron-missing", [/\[triggers\]\n.*\n/, ""], [/ {2}"triggers".*\n/, ""]],
  ["cron-missing", [/crons = .*\n/, ""], [/"crons": \["\*\/5 \* \* \* \*"\]/, ""]],
  ["cron-missing", [/crons = .*/, "crons = []"], [/"crons": \["\*\/5 \* \* \* \*"\]/, '"crons": []']],
  ["compatibility-date-too-old", [/"2026-11-01"/, '"2025-01-01"'], [/"2026-11-01"/, '"2025-01-01"']],
  ["compatibility-date-too-old", [/compatibility_date.*\n/, ""], [/ {2}"compatibility_date".*\n/, ""]],
  ["nodejs-compat-missing", [/\["nodejs_compat"\]/, '["global_fetch_strictly_public"]'], [/\["nodejs_compat"\]/, "[]"]],
  ["nodejs-compat-missing", [/compatibility_flags.*\n/, ""], [/ {2}"compatibility_flags".*\n/, ""]],
];

function codesIn(text: string, name: string, main = MAIN, environment?: string): string[] {
  return findingsIn(parsed(text, name, environment), main).map(({ code }) => code);
}

/** The text after all changes, each on what the one before has left. */
function fixed(text: string, name: string, environment?: string): string {
  return findingsIn(parsed(text, name, environment), MAIN)
    .flatMap(({ edits }) => edits)
    .reduce((before, edit) => applied(parsed(before, name, environment), edit), text);
}

/** Formatting of a changed place's neighbours may differ. */
function squeezed(text: string): string {
  return text.replaceAll(/\s|,(?=\s*[\]}])|,\s*$/g, "");
}

function commentsOf(text: string): string[] {
  return text.match(/(?:#|\/\/) .*/g) ?? [];
}

describe.each([
  ["wrangler.toml", TOML, 1],
  ["wrangler.jsonc", JSONC, 2],
] as const)("%s", (name, whole, column) => {
  it("has nothing to fix when it is whole", () => {
    expect(codesIn(whole, name)).toEqual([]);
  });

  it.each(FAULTS)("%s is found, and fixed with everything else kept (%#)", (...fault) => {
    const [code] = fault;
    const [pattern, instead] = fault[column];
    const faulty = whole.replace(pattern, instead);
    expect(faulty).not.toBe(whole);
    expect(codesIn(faulty, name)).toContain(code);
    const after = fixed(faulty, name);
    expect(codesIn(after, name)).toEqual([]);
    expect(commentsOf(after)).toEqual(expect.arrayContaining(commentsOf(faulty)));
    for (const line of faulty.split("\n").filter((one) => /name"? ?[=:]/.test(one))) expect(squeezed(after)).toContain(squeezed(line));
  });

  it("of almost nothing is completed", () => {
    const little = name.endsWith("toml") ? 'name = "rooms"\nmain = "src/worker.ts"\n' : '{ "name": "rooms", "main": "src/worker.ts" }\n';
    expect(codesIn(fixed(little, name), name)).toEqual([]);
  });

  it("with migrations gets another migration", () => {
    const tables = name.endsWith("toml")
      ? 'name = "rooms"\nmain = "a"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["StreamObject", "LogObject"]\n'
      : '{ "name": "rooms", "main": "a", "migrations": [{ "tag": "v1", "new_sqlite_classes": ["StreamObject", "LogObject"] }] }';
    const after = fixed(tables, name);
    expect(codesIn(after, name)).toEqual([]);
    expect(parsed(after, name).value).not.toHaveProperty("exports");
  });
});

describe.each([
  ["wrangler.toml", `${TOML}\n[env.staging]\ncompatibility_date = "2024-01-01"\n\n[env.empty]\n`],
  ["wrangler.jsonc", JSONC.replace(/\}\s*$/, '  "env": { "staging": { "compatibility_date": "2024-01-01" }, "empty": {} },\n}\n')],
] as const)("an environment in %s", (name, text) => {
  it("has what wrangler lets it inherit, and lacks everything else", () => {
    expect(codesIn(text, name)).toEqual([]);
    expect(codesIn(text, name, MAIN, "empty")).toEqual(["queue-not-bound", "queue-without-consumer", "database-not-bound"]);
    expect(codesIn(text, name, MAIN, "staging")).toContain("compatibility-date-too-old");
    expect(() => codesIn(text, name, MAIN, "stagign")).toThrow(`${name} has no environment stagign: it has staging, empty`);
  });

  it("is fixed in its own section, with its own names, and the rest stays", () => {
    const after = fixed(text, name, "staging");
    expect(codesIn(after, name, MAIN, "staging")).toEqual([]);
    expect(codesIn(after, name)).toEqual([]);
    expect(codesIn(after, name, MAIN, "empty")).toHaveLength(3);
    const { whole } = parsed(after, name);
    const { env, ...rest } = parsed(text, name).whole;
    expect(whole).toMatchObject(rest);
    expect(env).toBeDefined();
    expect(whole.env).toMatchObject({
      staging: {
        compatibility_date: "2026-11-01",
        queues: { producers: [{ binding: "WAKE_UPS", queue: "rooms-staging-wake-ups" }] },
        d1_databases: [{ binding: "VIEWS", database_name: "rooms-staging-views" }],
      },
    });
    expect(commentsOf(after)).toEqual(expect.arrayContaining(commentsOf(text)));
  });

  it("gets what it inherits in the top level of the file", () => {
    const old = text.replace(/"2026-11-01"/, '"2025-01-01"');
    const after = parsed(fixed(old, name, "empty"), name).whole;
    expect(after).toMatchObject({ compatibility_date: "2026-11-01", env: { staging: { compatibility_date: "2024-01-01" } } });
  });
});

describe("findings that no change of the configuration fixes", () => {
  it.each([
    ["class-not-exported", JSONC, MAIN.replace("LogObject, ", "")],
    ["class-without-sqlite", JSONC.replace('"storage": "sqlite"', '"storage": "legacy-kv"'), MAIN],
    ["deployment-open", JSONC.replace('"name"', '"vars": { "HEADSPRING_ENV": "local" }, "name"'), MAIN],
    ["main-missing", JSONC, undefined],
  ])("%s is found", (code, text, main) => {
    expect(findingsIn(parsed(text, "wrangler.jsonc"), main).map((one) => one.code)).toEqual([code]);
  });

  it("a class under another name, and one of another worker, are accepted as the bindings have them", () => {
    const bindings = `"durable_objects": { "bindings": [{ "name": "LOGS", "class_name": "MyLog" }, { "name": "WEBHOOKS", "class_name": "X", "script_name": "other" }] },`;
    const found = findingsIn(parsed(JSONC.replace('"exports"', `${bindings}\n  "exports"`), "wrangler.jsonc"), MAIN);
    expect(found.map(({ code, what }) => [code, /\bMyLog\b/.test(what)])).toEqual([
      ["class-not-exported", true],
      ["class-not-declared", true],
    ]);
  });

  it("what is not a list or a table counts as missing, and nothing fails", () => {
    const strange =
      '{ "main": 1, "exports": [], "migrations": {}, "queues": 3, "d1_databases": "x", "triggers": null, "vars": [], "durable_objects": [1] }';
    expect(findingsIn(parsed(strange, "wrangler.jsonc"), undefined).length).toBeGreaterThan(5);
    expect(() => parsed('{ "a": ', "wrangler.jsonc")).toThrow("wrangler.jsonc cannot be parsed");
  });
});

describe("the worker's own file", () => {
  it("has exports in every form, which are found; those in comments are not", () => {
    const source = `export { A, b as B } from "./x.ts"; // export class X {}
/* export class Y {} */
export class C extends D {}
export const E = 1, { F: G, H } = x;
export const { I, J: K } = y;`;
    const names = exportsOf(source)!;
    for (const name of ["A", "B", "C", "E", "I", "K"]) expect(names).toContain(name);
    for (const name of ["X", "Y", "b", "D", "J"]) expect(names).not.toContain(name);
    expect(exportsOf('export * from "./objects.ts";')).toBeUndefined();
  });

  it("gets the exports that it lacks, unless it is written in an unknown way", () => {
    expect(withExports(MAIN.replace("LogObject, ", ""), ["LogObject"])).toContain(
      "export const { StreamObject, WebhookObject, CatalogObject, SourceObject, LogObject } = objects(app);",
    );
    const none =
      'import { createWorker } from "headspring/runtime";\nimport { shop } from "./shop.ts";\nexport default createWorker(shop, {});\n';
    expect(withExports(none, ["StreamObject", "LogObject"])).toBe(
      'import { createWorker, objects } from "headspring/runtime";\nimport { shop } from "./shop.ts";\nexport default createWorker(shop, {});\nexport const { StreamObject, LogObject } = objects(shop);\n',
    );
    expect(withExports("export default { fetch() {} };", ["LogObject"])).toBeUndefined();
  });

  it("lacks nothing in this repository, and neither does the configuration", () => {
    const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
    expect(codesIn(read("wrangler.toml"), "wrangler.toml", read("src/worker.ts"))).toEqual([]);
  });
});

describe("the configuration of a worker that only answers queries", () => {
  const QUERIES =
    'import { createQueryWorker } from "headspring/runtime";\nexport default createQueryWorker(app); // not createWorker(app)\n';
  const BOUND = {
    main: "src/queries.ts",
    compatibility_date: "2026-11-01",
    compatibility_flags: ["nodejs_compat"],
    durable_objects: {
      bindings: [
        { name: "LOGS", class_name: "LogObject", script_name: "rooms" },
        { name: "CATALOGS", class_name: "CatalogObject", script_name: "rooms" },
      ],
    },
    d1_databases: [{ binding: "VIEWS", database_name: "rooms-views" }],
  };
  const foundIn = (value: object, main = QUERIES) => findingsIn({ value: value as never }, main).map(({ code }) => code);

  it("needs the other worker's objects and database, and no class, queue or cron of its own", () => {
    expect(foundIn(BOUND)).toEqual([]);
    expect(foundIn({ ...BOUND, durable_objects: {}, d1_databases: [] })).toEqual([
      "object-not-bound",
      "object-not-bound",
      "database-not-bound",
    ]);
  });

  it("is not mistaken for one that has objects of its own", () => {
    const [LOGS, CATALOGS] = BOUND.durable_objects.bindings;
    const own = { ...BOUND, durable_objects: { bindings: [{ ...LOGS, script_name: undefined }, CATALOGS] } };
    expect(foundIn(own)).toEqual(["object-not-bound"]);
    expect(foundIn(BOUND, MAIN)).toContain("queue-not-bound");
    expect(foundIn(BOUND, `// createQueryWorker(app)\n${MAIN}`)).toContain("queue-not-bound");
  });

  it("needs the platform's date and flags, and no open access, as everywhere", () => {
    const wrong = { ...BOUND, compatibility_date: "2024-01-01", compatibility_flags: [], vars: { HEADSPRING_ENV: "local" } };
    expect(foundIn(wrong)).toEqual(["compatibility-date-too-old", "nodejs-compat-missing", "deployment-open"]);
  });
});
