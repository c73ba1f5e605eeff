/** `wrangler dev` of a project, on a port and a folder of its own: what tests, the demo and the benchmarks call. */

import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { programOf } from "./program.ts";
import { HOST, Wrangler, isFree } from "./wrangler.ts";

/** Milliseconds until the worker must answer. It takes two seconds; a busy machine may take many times that. */
const START_TIMEOUT_MS = 60_000;
/** The worker does not compile: wrangler then waits for a changed file, and holds requests back. */
const NOT_COMPILED = /\[ERROR\] Build failed/;
/** Milliseconds until what wrangler prints about that is complete. */
const REPORT_MS = 500;

export interface LocalServerOptions {
  readonly port: number;
  /** The project's folder. */
  readonly project: string;
  /** The folder that keeps the state. */
  readonly persistTo: string;
  /** The file of the worker, from the project's root; absent: what the configuration has. */
  readonly main?: string;
  /** Configurations instead of the project's own: of the worker, and of others that run next to it. */
  readonly configs?: readonly string[];
  /** Variables of the worker. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Takes wrangler's and the worker's output. */
  readonly output: (text: string) => void;
}

export class LocalServer extends Wrangler {
  readonly url: string;
  readonly #broken: Promise<never>;

  constructor({ port, project, persistTo, main, configs = [], variables = {}, output }: LocalServerOptions) {
    const broken = Promise.withResolvers<never>();
    super({
      program: programOf(project),
      project,
      port,
      args: [
        ...(main === undefined ? [] : [main]),
        ...configs.map((config) => `--config=${config}`),
        `--ip=${HOST}`,
        "--inspector-port=0",
        `--persist-to=${resolve(persistTo)}`,
        ...Object.entries(variables).map(([name, value]) => `--var=${name}:${value}`),
      ],
      environment: {
        WRANGLER_LOG: "warn", // what the worker itself warns of and its errors are still shown
        // Workers of one state find each other there, and none of another test.
        WRANGLER_REGISTRY_PATH: registryOf(persistTo),
      },
      output: (text) => {
        output(text);
        // It is coloured, also without a terminal.
        if (NOT_COMPILED.test(stripVTControlCharacters(text)))
          setTimeout(() => broken.reject(new Error("the worker does not compile")), REPORT_MS);
      },
    });
    this.url = `http://${HOST}:${port}`;
    this.#broken = broken.promise;
    this.#broken.catch(() => undefined);
  }

  /** Waits until the worker answers. */
  async listening(): Promise<void> {
    await Promise.race([this.#answering(AbortSignal.timeout(START_TIMEOUT_MS)), this.#broken]);
  }

  async #answering(limit: AbortSignal): Promise<void> {
    let ended: string | undefined;
    void this.ended.then((how) => (ended = how));
    while (!(await isHealthy(this.url, limit))) {
      if (ended !== undefined) throw new Error(`wrangler ended before it listened, ${ended}`);
      if (limit.aborted) throw new Error(`wrangler does not answer after ${START_TIMEOUT_MS / 1_000} s`);
      await sleep(100);
    }
  }
}

/** Where the workers of one state find each other's objects. */
function registryOf(persistTo: string): string {
  return join(resolve(persistTo), "registry");
}

/** Forgets the workers that were killed: for a minute or two, wrangler would take the dead one for the one with that name. */
export async function forgetKilled(persistTo: string): Promise<void> {
  const registry = registryOf(persistTo);
  for (const name of existsSync(registry) ? readdirSync(registry) : []) {
    const [, port] = /"debugPortAddress": *"[^"]*:(\d+)"/.exec(readFileSync(join(registry, name), "utf8")) ?? [];
    if (port !== undefined && (await isFree(Number(port)))) rmSync(join(registry, name));
  }
}

async function isHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal })).ok;
  } catch {
    return false;
  }
}

/**
 * Ports from which {@link freePort} chooses: below those that Linux gives to connections (from 32,768 on). A server that is killed and
 * started again would find one of those taken.
 */
const PORTS = { min: 20_000, max: 32_767 };

/** A port that nobody uses, and that nobody who asks at the same time is likely to get. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.min, PORTS.max + 1);
    if (await isFree(port)) return port;
  }
}

const temporary: string[] = [];
process.on("exit", () => {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** A folder that is gone when this process is. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "headspring-"));
  temporary.push(folder);
  return folder;
}
