/**
 * The code of an app as one module that Node can load, made with the project's own esbuild, which wrangler brings. The Workers runtime and
 * the package's own are replaced: nothing is started, and the app that the worker is made of is recorded (recorder.ts).
 */

import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Message, Plugin } from "esbuild";
import { type Loose, tableOf } from "../doctor/config-file.ts";

/** Our own modules: `.ts` in the repository, `.js` in the package. */
const KIND = extname(import.meta.filename);
const SOURCES = realpathSync(join(import.meta.dirname, "../.."));
const INDEX = join(SOURCES, `index${KIND}`);
const RUNTIME = join(SOURCES, `runtime${KIND}`);
const RECORDER = join(SOURCES, `cli/check/recorder${KIND}`);
const INSPECT = join(SOURCES, `cli/check/inspect${KIND}`);

/** The functions that make definitions, and the kinds of what they make. */
const MAKERS = {
  aggregate: "aggregate",
  category: "plain",
  view: "view",
  reactor: "reactor",
  transform: "reactor",
  effect: "effect",
  processManager: "aggregate",
  saga: "aggregate",
  webhook: "webhook",
};

const quoted = (path: string) => JSON.stringify(path);

/** The index, with makers that record a mistake and go on. */
const INDEX_INSTEAD = [
  `import * as real from ${quoted(`${INDEX}?real`)};`,
  `import { lenient, substituteOf } from ${quoted(RECORDER)};`,
  `export * from ${quoted(`${INDEX}?real`)};`,
  ...Object.entries(MAKERS).map(([name, kind]) => `export const ${name} = lenient(real.${name}, substituteOf("${kind}"));`),
  `const empty = () => Object.fromEntries(["aggregates", "categories", "views", "processors", "webhooks"].map((list) => [list, new Map()]));`,
  `export const defineApp = lenient(real.defineApp, empty);`,
].join("\n");

const RUNTIME_INSTEAD = [
  `import { record } from ${quoted(RECORDER)};`,
  `export const createWorker = (app) => (record(app), {});`,
  `export const createQueryWorker = createWorker;`,
  `export const objects = (app) => (record(app), { StreamObject: class {}, LogObject: class {}, WebhookObject: class {}, CatalogObject: class {}, SourceObject: class {} });`,
].join("\n");

/** Whatever is imported from it is a function that can be called, extended, and asked for any member. */
const WORKERS_INSTEAD = `
  const any = new Proxy(function () {}, { get: (target, name) => (name in target ? target[name] : undefined) });
  module.exports = Object.create(new Proxy({}, { get: (_target, name) => (name === "__esModule" || typeof name === "symbol" ? undefined : any) }));`;

const replacements: Plugin = {
  name: "headspring-check",
  setup(build) {
    build.onResolve({ filter: /^cloudflare:/ }, ({ path }) => ({ path, namespace: "workers" }));
    build.onLoad({ filter: /.*/, namespace: "workers" }, () => ({ contents: WORKERS_INSTEAD, loader: "js" }));
    build.onResolve({ filter: /\?real$/ }, ({ path }) => ({ path: path.replace(/\?real$/, ""), suffix: "?real" }));
    build.onLoad({ filter: /[\\/]index\.[jt]s$/ }, ({ path, suffix }) =>
      path === INDEX && suffix === "" ? { contents: INDEX_INSTEAD, loader: "js", resolveDir: SOURCES } : undefined,
    );
    build.onLoad({ filter: /[\\/]runtime\.[jt]s$/ }, ({ path }) =>
      path === RUNTIME ? { contents: RUNTIME_INSTEAD, loader: "js", resolveDir: SOURCES } : undefined,
    );
    // Another copy of the package would be another app's: it remembers nothing of what ours is asked about.
    build.onResolve({ filter: /^headspring(?:\/|$)/ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === "asked") return undefined;
      const found = await build.resolve(path, { ...rest, pluginData: "asked" });
      if (found.errors.length > 0 || found.path.startsWith(SOURCES)) return found;
      return {
        errors: [
          { text: `the project has a copy of headspring of its own, in ${found.path}: call that one, with npx in the project's folder` },
        ],
      };
    });
  },
};

/**
 * @param folder the project's
 * @param config wrangler's
 * @returns the module's text
 */
export async function bundled(file: string, folder: string, config: Loose): Promise<string> {
  const { build } = await esbuildOf(folder);
  try {
    const { outputFiles } = await build({
      stdin: {
        contents: `export { inspect } from ${quoted(INSPECT)};\nexport { recorded, record, mistaken } from ${quoted(RECORDER)};\nexport const load = () => import(${quoted(file)});`,
        resolveDir: folder,
        loader: "js",
      },
      absWorkingDir: folder,
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      // A module of CommonJS that is part of it may ask for one of Node's.
      banner: {
        js: `import { createRequire as headspringRequire } from "node:module"; const require = headspringRequire(import.meta.url);`,
      },
      sourcemap: "inline",
      logLevel: "silent",
      define: texts(config.define),
      alias: texts(config.alias),
      loader: { ".html": "text", ".txt": "text", ".sql": "text", ".css": "empty", ".wasm": "empty", ".bin": "empty" },
      plugins: [replacements],
    });
    return outputFiles[0]!.text;
  } catch (error) {
    const { errors = [] } = error as { readonly errors?: readonly Message[] };
    if (errors.length === 0) throw error;
    throw new Error(`${relative(folder, file)} cannot be bundled: ${errors.map(told).join("; ")}`, { cause: error });
  }
}

function told({ text, location }: Message): string {
  return location === null ? text : `${location.file}:${location.line}: ${text}`;
}

function texts(table: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(tableOf(table)).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
}

/** Wrangler's esbuild, or the project's. Never a download. */
async function esbuildOf(folder: string): Promise<typeof import("esbuild")> {
  const project = createRequire(join(folder, "package.json"));
  for (const from of [() => createRequire(packageOf(project, "wrangler")), () => project]) {
    try {
      return (await import(pathToFileURL(from().resolve("esbuild")).href)) as typeof import("esbuild");
    } catch {
      // The next one.
    }
  }
  throw new Error(`neither wrangler nor esbuild is installed in ${folder}: npm install --save-dev wrangler`);
}

/** The package.json of an installed package, whether or not it exports it. */
function packageOf(project: NodeJS.Require, name: string): string {
  let folder = dirname(project.resolve(name));
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, "package.json");
}
