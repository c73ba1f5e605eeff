/** A store on this machine that programs start and stop, by what `headspring dev` starts: for the demo, the benchmarks and the e2e tests. */

import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { programOf } from "../src/cli/dev/project.ts";
import { HOST, Wrangler, isFree } from "../src/cli/dev/wrangler.ts";

const ROOT = join(import.meta.dirname, "..");
/** Milliseconds until the worker must answer. It takes two seconds; a busy machine may take many times that. */
const START_TIMEOUT_MS = 60_000;

export interface DevServerOptions {
  readonly port: number;
  /** The project's folder; absent: this repository. */
  readonly project?: string;
  /** The folder that keeps the state. */
  readonly persistTo: string;
  /** The file of the worker, from the project's root; absent: what `wrangler.toml` says. */
  readonly main?: string;
  /** Configurations instead of `wrangler.toml`: of the worker, and of others that run beside it. */
  readonly configs?: readonly string[];
  /** Variables of the worker. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Takes wrangler's and the worker's output. */
  readonly output: (text: string) => void;
}

export class DevServer extends Wrangler {
  readonly url: string;

  constructor({ port, project = ROOT, persistTo, main, configs = [], variables = {}, output }: DevServerOptions) {
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
      environment: { WRANGLER_LOG: "warn" }, // what the worker itself warns of and its errors are still shown
      output,
    });
    this.url = `http://${HOST}:${port}`;
  }

  /** Waits until the worker answers. */
  async listening(): Promise<void> {
    let ended: string | undefined;
    void this.ended.then((how) => (ended = how));
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await isHealthy(this.url))) {
      if (ended !== undefined) throw new Error(`wrangler ended before it listened, ${ended}`);
      if (Date.now() > deadline) throw new Error(`wrangler does not answer after ${START_TIMEOUT_MS / 1_000} s`);
      await sleep(100);
    }
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
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
