/** A program that listens: started until it answers, killed as a crash does, started again on the same port. */

import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { freePort } from "../../../scripts/dev-server.ts";

const ATTEMPTS = 200;
const PAUSE_MS = 25;

export class Program {
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #port: number;
  #child: ChildProcess | undefined;

  /** @param port that answers when it is ready */
  constructor(command: string, args: readonly string[], port: number) {
    this.#command = command;
    this.#args = args;
    this.#port = port;
  }

  async start(): Promise<void> {
    this.#child = spawn(this.#command, this.#args, { stdio: "ignore" });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await answers(this.#port)) return;
      if (this.#child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    throw new Error(`${this.#command} does not start`);
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

async function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
  const is = await promise;
  socket.destroy();
  return is;
}

/** Starts something on ports of its own. Between choosing a port and listening on it, another server may take it: then on others. */
export async function onFreePorts<Result>(count: number, start: (ports: readonly number[]) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await Promise.all(Array.from({ length: count }, freePort)));
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}
