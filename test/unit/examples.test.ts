/** The examples are what `npm create headspring` would write: the same worker, configuration and versions. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const COMMON = join(ROOT, "create/templates/common");

interface Manifest {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifestIn = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** Examples with routes of their own in front of the store. */
const WITH_ROUTES = new Set(["notifications"]);

describe.each(readdirSync(join(ROOT, "examples")))("the example %s", (name) => {
  const folder = join(ROOT, "examples", name);
  const read = (path: string) => readFileSync(join(folder, path), "utf8");

  it("has the worker and the configuration that the generator writes", () => {
    const template = (path: string) => readFileSync(join(COMMON, path), "utf8").replaceAll("{{name}}", name);
    for (const path of ["dot-npmrc", "dot-gitignore"]) expect(read(path.replace("dot-", "."))).toBe(template(path));
    const worker = read("src/worker.ts");
    if (WITH_ROUTES.has(name)) {
      // The generator's lines, by which the store answers what the routes do not, and its two other handlers are as they were.
      const store = worker.replace("type HeadspringEnv, ", "").replace("const store = createWorker", "export default createWorker");
      for (const line of template("src/worker.ts").split("\n")) expect(store).toContain(line);
      expect(worker).toContain('.all("*", (context) => store.fetch(context.req.raw, context.env, context.executionCtx))');
      expect(worker).toContain("export default { ...store, fetch: http.fetch };");
    } else expect(worker).toBe(template("src/worker.ts"));
    const [, date = ""] = /^compatibility_date = "(.+)"$/m.exec(readFileSync(join(ROOT, "wrangler.toml"), "utf8")) ?? [];
    const configuration = template("wrangler.jsonc").replace("{{compatibility date}}", date).replace("  // {{page}}\n", "");
    // Formatted, its lines may break elsewhere.
    const words = (text: string) => text.replaceAll(/\s+|,(?=\s*[\]}])/g, "");
    expect(words(read("wrangler.jsonc"))).toBe(words(configuration));
  });

  it("has the generator's scripts, and the versions that this repository is tested with", () => {
    const ours = manifestIn(ROOT);
    const { scripts, dependencies, devDependencies } = manifestIn(folder);
    expect(scripts).toMatchObject(manifestIn(COMMON).scripts);
    const peers = Object.entries(ours.peerDependencies);
    const needed = peers.filter(([peer]) => !ours.peerDependenciesMeta[peer]?.optional || peer in dependencies);
    expect(dependencies).toEqual({ headspring: "file:../..", ...Object.fromEntries(needed) });
    for (const [dependency, version] of Object.entries(devDependencies)) expect(version).toBe(`^${ours.devDependencies[dependency]}`);
  });

  it("imports the package by its name, and nothing else of this repository", () => {
    const files = ["src", "test", "tools"]
      .filter((part) => existsSync(join(folder, part)))
      .flatMap((part) => readdirSync(join(folder, part), { recursive: true, encoding: "utf8" }).map((file) => join(part, file)))
      .filter((path) => /\.[jt]sx?$/.test(path));
    const imported = files.flatMap((file) => [...read(file).matchAll(/from "([^"]+)"/g)].map(([, from = ""]) => from));
    expect(imported).toContain("headspring");
    expect(imported.filter((from) => from.startsWith("../") && !/^(?:\.\.\/)+(?:src|tools)\//.test(from))).toEqual([]);
    expect(imported.filter((from) => /^headspring\/(?!runtime$|testing(?:\/store)?$|client$|react$|postgres$)/.test(from))).toEqual([]);
  });
});
