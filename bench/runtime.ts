/**
 * A built worker in the runtime, without the development server's proxy: requests go to workerd's own socket.
 * The proxy is a second runtime in front of the first, and would be most of what is measured.
 */

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { unstable_getMiniflareWorkerOptions as optionsOf } from "wrangler";
import { temporaryFolder } from "../scripts/dev-server.ts";

const ROOT = join(import.meta.dirname, "..");
const WRANGLER = createRequire(import.meta.url).resolve("wrangler/package.json");

/** What we use of miniflare, which wrangler brings along: the local runtime as `wrangler dev` configures it. */
interface Miniflare {
  readonly ready: Promise<URL>;
  unsafeGetDirectURL(): Promise<URL>;
  dispose(): Promise<void>;
}
const miniflare = createRequire(WRANGLER)("miniflare") as {
  readonly Miniflare: new (options: object) => Miniflare;
  convertV4MiniflareOptions(options: object): object;
};

interface Settings {
  /** The folder that keeps the state. */
  readonly state?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Where warnings and errors go; without it, to stderr. */
  readonly log?: (message: string) => void;
}

export interface Runtime {
  readonly url: string;
  /** The runtime's process. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** @param main the worker's file, from the project's root */
export async function startRuntime(
  main: string,
  { state = temporaryFolder(), variables = {}, log = console.error }: Settings = {},
): Promise<Runtime> {
  const built = build(main);
  const { workerOptions } = optionsOf(join(ROOT, "wrangler.toml"));
  const before = new Set(children());
  const options = miniflare.convertV4MiniflareOptions({
    ...workerOptions,
    bindings: { HEADSPRING_ENV: "local", ...variables },
    name: "bench",
    rootPath: built,
    modulesRoot: built,
    modules: [{ type: "ESModule", path: join(built, basename(main).replace(/\.ts$/, ".js")) }],
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    host: "127.0.0.1",
    port: 0,
    cf: false,
    resourcePersistencePath: state,
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
      if (level === "error" || level === "warn") log(message);
    },
  });
  const running = new miniflare.Miniflare(options);
  await running.ready;
  const url = (await running.unsafeGetDirectURL()).origin;
  const pid = children().find((child) => !before.has(child));
  if (pid === undefined) throw new Error("the runtime's process was not found");
  return { url, pid, stop: () => running.dispose() };
}

const builds = new Map<string, string>();

/** The folder with the worker as it would be deployed. */
function build(main: string): string {
  const known = builds.get(main);
  if (known !== undefined) return known;
  const folder = temporaryFolder();
  execFileSync(process.execPath, [join(WRANGLER, "../bin/wrangler.js"), "deploy", main, "--dry-run", `--outdir=${folder}`], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error", WRANGLER_HIDE_BANNER: "true" },
  });
  builds.set(main, folder);
  return folder;
}

/** The processes that this one has started. Linux only, as the figures are. */
function children(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, ppid] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        return Number(ppid) === process.pid;
      } catch {
        return false; // it has ended in the meantime
      }
    })
    .map(Number);
}
