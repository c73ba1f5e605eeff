/** `wrangler dev` as a child that can be relied on to start, and to leave nothing behind: for `npm start`, the demo and the e2e tests. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const ROOT = join(import.meta.dirname, "..");
const WRANGLER = join(createRequire(import.meta.url).resolve("wrangler/package.json"), "../bin/wrangler.js");
const END_WITH_PARENT = pathToFileURL(join(import.meta.dirname, "end-with-parent.ts")).href;

/** The loopback address, and not `localhost`: that is another one on some machines. */
const HOST = "127.0.0.1";
/** Milliseconds until the worker must answer. It takes two seconds; a busy machine may take many times that. */
const START_TIMEOUT_MS = 60_000;
/** Milliseconds that wrangler has to end by itself. It takes a tenth of a second. */
const STOP_TIMEOUT_MS = 5_000;

/** What makes wrangler quiet and independent of the internet. The caller's environment goes before. */
const ENVIRONMENT = {
  CI: "true", // asks nothing
  WRANGLER_LOG: "warn", // what the worker itself warns of and its errors are still shown
  WRANGLER_HIDE_BANNER: "true", // nor looks for a newer version
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false", // we read no `request.cf`, so a made-up one will do
  X_LOCAL_OBSERVABILITY: "false", // it stores a trace of every call, which takes most of the throughput
};

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
  /** Where wrangler's and the worker's output goes: through to ours, or to this function. It must go somewhere, or wrangler stops. */
  readonly output: "inherit" | ((text: string) => void);
}

export class DevServer {
  readonly url: string;
  /** Resolves when wrangler has ended and nothing of it is left, to how it ended. */
  readonly ended: Promise<string>;
  readonly #wrangler: ChildProcess;

  constructor({ port, project = ROOT, persistTo, main, configs = [], variables = {}, output }: DevServerOptions) {
    this.url = `http://${HOST}:${port}`;
    const stream = output === "inherit" ? "inherit" : "pipe";
    this.#wrangler = spawn(
      process.execPath,
      [
        `--import=${END_WITH_PARENT}`,
        WRANGLER,
        "dev",
        ...(main === undefined ? [] : [main]),
        ...configs.map((config) => `--config=${config}`),
        `--ip=${HOST}`,
        `--port=${port}`,
        "--inspector-port=0",
        `--persist-to=${resolve(persistTo)}`,
        "--show-interactive-dev-session=false",
        "--test-scheduled", // only for its side effect: no warning that crons do not run by themselves here
        "--var=HEADSPRING_ENV:local",
        ...Object.entries(variables).map(([name, value]) => `--var=${name}:${value}`),
      ],
      // Detached: a process group of its own, so that everything it starts can be ended together.
      { cwd: project, stdio: ["pipe", stream, stream], detached: true, env: { ...ENVIRONMENT, ...process.env } },
    );
    if (output !== "inherit") {
      for (const from of [this.#wrangler.stdout, this.#wrangler.stderr]) from?.setEncoding("utf8").on("data", output);
    }
    const endWithUs = () => this.kill();
    process.on("exit", endWithUs);
    this.ended = new Promise<string>((resolve, reject) => {
      this.#wrangler.once("error", reject);
      this.#wrangler.once("exit", (code, signal) => resolve(signal ? `by ${signal}` : `with exit code ${code}`));
    }).then(async (how) => {
      process.off("exit", endWithUs);
      await this.#endGroup();
      return how;
    });
  }

  /** The process group of wrangler and all that it started. */
  get group(): number {
    const { pid } = this.#wrangler;
    if (pid === undefined) throw new Error("wrangler could not be started");
    return pid;
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

  /** Ends everything in order, or by force when that takes too long. */
  async stop(): Promise<void> {
    this.#wrangler.kill("SIGTERM");
    await Promise.race([this.ended, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    this.kill();
    await this.ended;
  }

  /** `kill -9` of everything, at once. */
  kill(): void {
    signalGroup(this.group, "SIGKILL");
  }

  /** Wrangler may end without what it started, which would keep the port and the state's files. */
  async #endGroup(): Promise<void> {
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    // The dead count as long as nobody has reaped them, and in some containers nobody ever does: hence a deadline.
    while (signalGroup(this.group, "SIGKILL") && !(await isFree(Number(new URL(this.url).port))) && Date.now() < deadline) await sleep(20);
  }
}

/** @returns whether there was anybody to receive it */
function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}

/** Whether a server could listen there. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });
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
