/** Every export has a doc comment, every function an example of it, and the examples compile (with the parts in `test/types/examples`). */

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { API_PAGE, apiPage } from "../../../scripts/api.ts";
import { exportsOf } from "../../../scripts/exports.ts";

const ROOT = join(import.meta.dirname, "../../..");
const WORLD = "test/types/examples/world.ts";
/** Next to the packages that the examples import. */
const FOLDER = join(ROOT, "node_modules/.headspring-examples");
/** The compiler, on a machine that has other work. */
const COMPILE_MS = 120_000;

/** What examples are compiled with. Those of the runtime are what `src/worker.ts` says, and would have the compiler read all of `src`. */
const COMPILED = ["src/index.ts", "src/testing/index.ts", "src/testing/store.ts"];
const exported = [...COMPILED, "src/runtime.ts"].flatMap(exportsOf);

/** What an example that is a handler becomes part of, by the function that it is an example of. */
const AROUND: Readonly<Record<string, (handler: string) => string>> = {
  ...Object.fromEntries(["event", "after", "at", "cancel", "nothing", "refuse"].map((name) => [name, asDecision])),
  ...Object.fromEntries(["send", "append"].map((name) => [name, asReaction])),
  ...Object.fromEntries(["startSaga", "stepDone", "stepFailed"].map((name) => [name, asSignal])),
  complete: (handler) => `processManager("example", { from: order, to: [product, order], correlate: { OrderPlaced: () => "1" }, events: {},
    initialState: () => ({}), evolve: {}, on: { OrderPlaced: () => nothing() }, onAccepted: {
${handler}
} });`,
  upcast: (member) => `category("example", { events: {
${member}
} });`,
};

describe("the public API", { timeout: COMPILE_MS }, () => {
  const errors: string[] = [];
  beforeAll(() => {
    mkdirSync(FOLDER, { recursive: true });
    const files = exported.flatMap(({ name, entry, examples, kind }) =>
      COMPILED.includes(entry) && (kind === "function" || kind === "const")
        ? examples.map((example, index) => [`${name}-${index + 1}.ts`, programOf(name, example)] as const)
        : [],
    );
    for (const [file, program] of files) writeFileSync(join(FOLDER, file), program);
    const options = { extends: join(ROOT, "tsconfig.json"), compilerOptions: { noUnusedLocals: false, noUnusedParameters: false } };
    // By name: the compiler finds no files by itself in this folder.
    const all = [join(ROOT, "worker-configuration.d.ts"), ...files.map(([file]) => file)];
    writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify({ ...options, files: all, include: [], exclude: [] }));
    const { stdout } = spawnSync("npx", ["tsc", "--pretty", "false", "-p", FOLDER], { cwd: ROOT, encoding: "utf8" });
    errors.push(...stdout.trimEnd().split("\n").filter(Boolean));
  }, COMPILE_MS);
  afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

  it("is found completely", () => {
    expect(exported.length).toBeGreaterThan(50);
    expect(exported.filter(({ kind }) => kind === "")).toEqual([]);
  });

  it("has a doc comment on every export", () => {
    expect(exported.filter(({ doc }) => doc === "").map(({ name }) => name)).toEqual([]);
  });

  it("has an example for every function", () => {
    expect(exported.filter(({ kind, examples }) => kind === "function" && examples.length === 0).map(({ name }) => name)).toEqual([]);
  });

  it("is listed on the page that `npm run strings` writes", () => {
    expect(readFileSync(API_PAGE, "utf8")).toBe(apiPage());
  });

  it("has examples that compile", () => {
    expect(errors).toEqual([]);
  });
});

/** An example as a module: with imports of all that it does not declare itself. */
function programOf(name: string, example: string): string {
  const body = /^\w+: /.test(example) ? (AROUND[name]?.(example) ?? example) : example;
  const declares = new Set(
    [...body.matchAll(/(?:^|\n)(?:export )?(?:const|function) (\w+|\{[^}]*\})/g)].flatMap(([, names = ""]) => names.match(/\w+/g) ?? []),
  );
  const values = (entry: string) => exported.filter((one) => one.entry === entry && /function|const/.test(one.kind)).map((one) => one.name);
  const parts = [...readFileSync(join(ROOT, WORLD), "utf8").matchAll(/^export (?:declare )?const (\w+)/gm)].map(([, part = ""]) => part);
  const imports = [...COMPILED.map((entry) => [entry, values(entry)] as const), [WORLD, parts] as const].map(
    ([from, names]) => `import { ${names.filter((one) => !declares.has(one)).join(", ")} } from "${relative(FOLDER, join(ROOT, from))}";`,
  );
  return `import * as z from "zod";\n${imports.join("\n")}\n\n${body}\nexport {};\n`;
}

function asDecision(handler: string): string {
  return `aggregate("example", { ...rules, decide: { ...decide,\n${handler}\n} });`;
}

function asReaction(handler: string): string {
  return `reactor("example", { from: order, emits: [product, shipments, tickets], on: {\n${handler}\n} });`;
}

function asSignal(handler: string): string {
  return `saga("example", { input: transferInput, steps: transferSteps, from: order, on: {\n${handler}\n} });`;
}
