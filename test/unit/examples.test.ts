/** The examples are what `npm create headspring` would write: the same worker, configuration and versions. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configIn } from "../../src/cli/doctor/config-file.ts";
import { findingsIn } from "../../src/cli/doctor/findings.ts";

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

/** What an example has in addition, and why. */
interface Difference {
  /** What the worker has in place of what the generator writes. */
  readonly worker?: readonly (readonly [written: string, instead: string])[];
  /** The worker's file has routes of its own in front of the store. */
  readonly routes?: true;
  /** The lines of a page in wrangler's configuration. */
  readonly page?: string;
  readonly gitignore?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  /** Packages that run in it, in the versions of this repository. */
  readonly dependencies?: readonly string[];
}
const DIFFERENCES: Readonly<Record<string, Difference>> = {
  // Commands and queries apart: what runs, or deploys, the one worker does so with both.
  accounts: {
    scripts: {
      start: "headspring dev -c wrangler.jsonc -c wrangler.queries.jsonc",
      deploy: "wrangler deploy && wrangler deploy -c wrangler.queries.jsonc",
    },
  },
  notifications: { routes: true },
  // Routes of its own in front of the store, and a page in React.
  todo: {
    worker: [
      ['import { app } from "./app.ts";\n', 'import { app } from "./app.ts";\nimport { routes } from "./routes.ts";\n'],
      [
        "export default createWorker(app, { console: true });\n",
        "const store = createWorker(app, { console: true });\nexport default { ...store, fetch: routes(store).fetch };\n",
      ],
    ],
    page: `
      // The page in web/: built by esbuild before the worker starts or is deployed, and when it changes. Other paths than its files are the worker's.
      "build": {
        "command": "npx esbuild web/main.tsx web/style.css web/index.html --bundle --minify --loader:.html=copy --outdir=dist",
        "watch_dir": "web",
      },
      "assets": { "directory": "dist" },`,
    gitignore: "dist/\n",
    scripts: { check: "tsc && tsc -p web" },
    dependencies: ["react", "react-dom"],
  },
};

describe.each(readdirSync(join(ROOT, "examples")))("the example %s", (name) => {
  const folder = join(ROOT, "examples", name);
  const read = (path: string) => readFileSync(join(folder, path), "utf8");
  const difference = DIFFERENCES[name] ?? {};

  it("has the worker and the configuration that the generator writes", () => {
    const template = (path: string) => readFileSync(join(COMMON, path), "utf8").replaceAll("{{name}}", name);
    const worker = read("src/worker.ts");
    if (difference.routes) {
      // The generator's lines, by which the store answers what the routes do not, and its two other handlers are as they were.
      const store = worker.replace("type HeadspringEnv, ", "").replace("const store = createWorker", "export default createWorker");
      for (const line of template("src/worker.ts").split("\n")) expect(store).toContain(line);
      expect(worker).toContain('.all("*", (context) => store.fetch(context.req.raw, context.env, context.executionCtx))');
      expect(worker).toContain("export default { ...store, fetch: http.fetch };");
    } else {
      const replaced = (text: string, [written, instead]: readonly [string, string]) => text.replace(written, instead);
      expect(worker).toBe((difference.worker ?? []).reduce(replaced, template("src/worker.ts")));
    }
    expect(read(".npmrc")).toBe(template("dot-npmrc"));
    expect(read(".gitignore")).toBe(template("dot-gitignore").replace(".wrangler/\n", `.wrangler/\n${difference.gitignore ?? ""}`));
    const [, date = ""] = /^compatibility_date = "(.+)"$/m.exec(readFileSync(join(ROOT, "wrangler.toml"), "utf8")) ?? [];
    const configuration = template("wrangler.jsonc")
      .replace("{{compatibility date}}", date)
      .replace("  // {{page}}\n", difference.page ?? "");
    // Formatted, its lines may break elsewhere.
    const words = (text: string) => text.replaceAll(/\s+|,(?=\s*[\]}])/g, "");
    expect(words(read("wrangler.jsonc"))).toBe(words(configuration));
  });

  it("has the generator's scripts, and the versions that this repository is tested with", () => {
    const ours = manifestIn(ROOT);
    const { scripts, dependencies, devDependencies } = manifestIn(folder);
    expect(scripts).toMatchObject({ ...manifestIn(COMMON).scripts, ...difference.scripts });
    const peers = Object.entries(ours.peerDependencies);
    const needed = peers.filter(([peer]) => !ours.peerDependenciesMeta[peer]?.optional || peer in dependencies);
    const more = (difference.dependencies ?? []).map((dependency) => [dependency, `^${ours.devDependencies[dependency]}`]);
    expect(dependencies).toEqual({ headspring: "file:../..", ...Object.fromEntries([...needed, ...more]) });
    for (const [dependency, version] of Object.entries(devDependencies)) expect(version).toBe(`^${ours.devDependencies[dependency]}`);
  });

  it("imports the package by its name, and nothing else of this repository", () => {
    const files = ["src", "test", "tools", "web"]
      .filter((part) => existsSync(join(folder, part)))
      .flatMap((part) => readdirSync(join(folder, part), { recursive: true, encoding: "utf8" }).map((file) => join(part, file)))
      .filter((path) => /\.[jt]sx?$/.test(path));
    const imported = files.flatMap((file) => [...read(file).matchAll(/from "([^"]+)"/g)].map(([, from = ""]) => from));
    expect(imported).toContain("headspring");
    expect(imported.filter((from) => from.startsWith("../") && !/^(?:\.\.\/)+(?:src|tools|web)\//.test(from))).toEqual([]);
    expect(imported.filter((from) => /^headspring\/(?!runtime$|testing(?:\/store)?$|client$|react$|postgres$)/.test(from))).toEqual([]);
  });
});

describe("the worker for queries of the example accounts", () => {
  const configuration = (file: string) => configIn(join(ROOT, "examples/accounts"), { file });

  it("shares the database and the objects of the worker that handles commands, and has nothing else", () => {
    const [commands, queries] = [configuration("wrangler.jsonc").value, configuration("wrangler.queries.jsonc")];
    expect(findingsIn(queries, readFileSync(join(ROOT, "examples/accounts/src/queries.ts"), "utf8"))).toEqual([]);
    const { name, main, durable_objects, ...rest } = queries.value;
    expect([name, main]).toEqual(["accounts-queries", "src/queries.ts"]);
    expect((durable_objects as { bindings: object[] }).bindings).toMatchObject([
      { script_name: commands.name },
      { script_name: commands.name },
    ]);
    expect(commands).toMatchObject(rest);
  });
});
