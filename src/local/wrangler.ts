/** `wrangler dev` as a child that can be relied on to start, and to leave nothing behind. */

import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { extname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The loopback address, and not `localhost`: that is another one on some machines. */
export const HOST = "127.0.0.1";
/** Milliseconds that wrangler has to end by itself. It takes a tenth of a second. */
const STOP_TIMEOUT_MS = 5_000;
/** Next to this module, whether that is compiled or not. */
const END_WITH_PARENT = new URL(`end-with-parent${extname(import.meta.url)}`, import.meta.url).href;

/** What keeps wrangler from asking, and from calling the internet. The caller's environment takes precedence. */
const ENVIRONMENT = {
  CI: "true", // asks nothing
  WRANGLER_HIDE_BANNER: "true", // nor looks for a newer version
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false", // we read no `request.cf`, so a made-up one will do
  X_LOCAL_OBSERVABILITY: "false", // it stores a trace of every call, which takes most of the throughput
};

/** What every store on a developer's machine is started with. */
const ARGUMENTS = [
  "--show-interactive-dev-session=false",
  "--test-scheduled", // only for its side effect: no warning that crons do not run by themselves here
  "--var=HEADSPRING_ENV:local",
];

export interface WranglerOptions {
  /** Wrangler's program. */
  readonly program: string;
  /** The folder of the project. */
  readonly project: string;
  /** Where the worker listens, on all addresses that `args` names. */
  readonly port: number;
  /** What follows `wrangler dev`, without the port. First: a file after one of ours would be one more of its values. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Takes what wrangler and the worker print. */
  readonly output: (text: string, from: "stdout" | "stderr") => void;
}

export class Wrangler {
  /** Resolves when wrangler has ended and nothing of it is left, to how it ended. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #port: number;
  #hasEnded = false;

  constructor({ program, project, port, args, environment = {}, output }: WranglerOptions) {
    this.#port = port;
    this.#child = spawn(
      process.execPath,
      [`--import=${END_WITH_PARENT}`, program, "dev", ...args, `--port=${port}`, ...ARGUMENTS],
      // Detached: a process group of its own, so that everything it starts can be ended together.
      { cwd: project, stdio: "pipe", detached: true, env: { ...ENVIRONMENT, ...environment, ...process.env } },
    );
    for (const from of ["stdout", "stderr"] as const)
      this.#child[from]?.setEncoding("utf8").on("data", (text: string) => output(text, from));
    const endWithUs = () => this.kill();
    process.on("exit", endWithUs);
    this.ended = new Promise<string>((resolve, reject) => {
      this.#child.once("error", reject);
      // Not `exit`: what it has said at last is part of how it ended. Nor `close` alone: a process that it has left may hold its pipes.
      this.#child.once("exit", (code, signal) => resolve(signal ? `by ${signal}` : `with exit code ${code}`));
    }).then(async (how) => {
      process.off("exit", endWithUs);
      await this.#endGroup();
      this.#hasEnded = true;
      return how;
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The process group of wrangler and all that it started. */
  get group(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("wrangler could not be started");
    return pid;
  }

  /** Ends everything in order, or by force when that takes too long. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.kill("SIGTERM");
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
    while (signalGroup(this.group, "SIGKILL") && !(await isFree(this.#port)) && Date.now() < deadline) await sleep(20);
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

/** Whether a server could listen there. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });
}
