/** The app of a project, loaded without starting it: what it declares, or every mistake that would stop it at its start. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { App } from "../../definitions/app.ts";
import { configIn, type Loose } from "../doctor/config-file.ts";
import { UsageError } from "../failure.ts";
import { bundled } from "./bundle.ts";
import type { Inspected } from "./inspect.ts";
import type { Mistake } from "./recorder.ts";

export interface Loaded {
  /** The file that was loaded, for a person. */
  readonly file: string;
  /** Undefined: there are mistakes. */
  readonly app: Inspected | undefined;
  readonly mistakes: readonly Mistake[];
}

/** Frames between a mistake deep in a definition and the app's line. Ours. */
const STACK_FRAMES = 50;

/** What the bundle exports. */
interface Bundle {
  load(): Promise<object>;
  inspect(app: App): Inspected;
  recorded(): { readonly apps: readonly App[]; readonly mistakes: readonly Mistake[] };
  mistaken(error: unknown): void;
}

/** @param named the app's or the worker's file; without it what wrangler's configuration has as `main` */
export async function loadApp(folder: string, named: string | undefined): Promise<Loaded> {
  const config = configOf(folder, named);
  const path = resolve(folder, named ?? mainOf(config));
  const file = relative(folder, path) || path;
  if (!existsSync(path)) throw new UsageError(`there is no ${file}: --app names the file of the app, or of the worker`);
  const temporary = mkdtempSync(join(tmpdir(), "headspring-check-"));
  try {
    const module = join(temporary, "app.mjs");
    writeFileSync(module, await bundled(path, folder, config));
    process.setSourceMapsEnabled(true); // so that a mistake has the line of its file
    const bundle = (await import(pathToFileURL(module).href)) as Bundle;
    const exported = await quietly(() => bundle.load()).catch((error: unknown) => bundle.mistaken(error));
    return { file, ...found(bundle, exported ?? {}, file) };
  } finally {
    process.setSourceMapsEnabled(false);
    rmSync(temporary, { recursive: true, force: true });
  }
}

function found(bundle: Bundle, exported: object, file: string): Pick<Loaded, "app" | "mistakes"> {
  const { apps, mistakes } = bundle.recorded();
  if (mistakes.length > 0) return { app: undefined, mistakes };
  const app = appOf(apps, exported, file);
  try {
    return { app: bundle.inspect(app), mistakes: [] };
  } catch (error) {
    bundle.mistaken(error);
    return { app: undefined, mistakes: bundle.recorded().mistakes };
  }
}

/** The app that the worker is made of; of a file that makes no worker, the app that it exports. */
function appOf(apps: readonly App[], exported: object, file: string): App {
  const members: Readonly<Record<string, unknown>> = { ...exported };
  const candidates = new Set(apps.length > 0 ? apps : [members.app, members.default].filter(isApp));
  if (candidates.size === 0) for (const one of Object.values(members)) if (isApp(one)) candidates.add(one);
  const [app, other] = candidates;
  if (app === undefined) throw new UsageError(`${file} makes no worker of an app, and exports none: --app names the file that does`);
  if (other !== undefined) throw new UsageError(`${file} has several apps: --app names a file with one`);
  return app;
}

function isApp(value: unknown): value is App {
  if (typeof value !== "object" || value === null) return false;
  const lists = value as Readonly<Record<string, unknown>>;
  return ["aggregates", "categories", "views", "processors", "webhooks"].every((list) => lists[list] instanceof Map);
}

/** A folder without a configuration is one where `--app` is enough. */
function configOf(folder: string, named: string | undefined): Loose {
  try {
    return configIn(folder).value;
  } catch (error) {
    if (named === undefined) throw error;
    return {};
  }
}

function mainOf({ main }: Loose): string {
  if (typeof main !== "string") throw new UsageError("the configuration has no `main`: --app names the file of the app, or of the worker");
  return main;
}

/** What the app's code prints while it is loaded is none of our results: it goes to stderr. */
async function quietly<Result>(run: () => Promise<Result>): Promise<Result> {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK_FRAMES;
  stdout.write = stderr.write.bind(stderr);
  try {
    return await run();
  } finally {
    stdout.write = write;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
