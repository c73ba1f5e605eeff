/** The command `headspring` as a process of its own, as a shell starts it. */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Its lines of stdout, parsed. */
  // oxlint-disable-next-line typescript/no-explicit-any -- each command has its own
  readonly lines: any[];
}

interface CallOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export function start(args: readonly string[], { environment = {}, cwd }: CallOptions = {}): ChildProcess {
  const { HEADSPRING_URL: _url, HEADSPRING_STORE: _store, HEADSPRING_TOKEN: _token, ...clean } = process.env;
  return spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...clean, ...environment }, stdio: "pipe" });
}

export function call(args: readonly string[], options: CallOptions = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = start(args, options);
    let [stdout, stderr] = ["", ""];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin!.on("error", () => {}).end(options.input ?? ""); // it may have ended before it has read
    child.once("close", (status) => {
      const isJson = args.includes("--json");
      const lines = isJson ? stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)])) : [];
      resolve({ status, stdout, stderr, lines });
    });
  });
}
