/** A store on a folder with its state, which can be killed and started again on the same folder and port: what tests start. */

import { cpSync, rmSync } from "node:fs";
import { LocalServer, type LocalServerOptions, forgetKilled, temporaryFolder } from "./server.ts";
import { HOST } from "./wrangler.ts";

export interface LocalStoreOptions extends Omit<LocalServerOptions, "persistTo" | "output"> {
  /** The folder of another store, which is not removed with this one. Absent: one of its own, which is. */
  readonly folder?: string;
  /** A folder with a state to begin with. It is copied, and stays as it is. */
  readonly state?: string;
}

/** What it runs. Another version of the code may take its place. */
type Code = Pick<LocalServerOptions, "project" | "main" | "configs" | "variables">;

/** It starts at once; {@link LocalStore.listening} waits until it answers. */
export class LocalStore implements AsyncDisposable {
  readonly url: string;
  /** Where its state is. */
  readonly folder: string;
  readonly #isOwnFolder: boolean;
  readonly #port: number;
  #code: Code;
  #server: LocalServer;
  #isKilled = false;
  #output = "";

  constructor({ folder, state, port, ...code }: LocalStoreOptions) {
    this.folder = folder ?? temporaryFolder();
    this.#isOwnFolder = folder === undefined;
    this.#port = port;
    this.#code = code;
    this.url = `http://${HOST}:${port}`;
    if (state !== undefined) cpSync(state, this.folder, { recursive: true });
    this.#server = this.#spawn();
  }

  /** What wrangler and the worker have printed: warnings and errors. */
  get output(): string {
    return this.#output;
  }

  /** The process group of what runs. */
  get group(): number {
    return this.#server.group;
  }

  /** Waits until it answers. @throws {Error} when it does not: with what it printed */
  async listening(): Promise<void> {
    const server = this.#server;
    await server.listening().catch(async (error: Error) => {
      await server.stop();
      throw new Error(`${error.message}. It printed:\n${this.#output}`);
    });
  }

  /** `kill -9` of wrangler and everything it has started. */
  async kill(): Promise<void> {
    this.#server.kill();
    await this.#server.ended;
    await forgetKilled(this.folder);
    this.#isKilled = true;
  }

  /** The same store again, from what is on the disk, in place of what runs; perhaps with other code. */
  async startAgain(code: Partial<Code> = this.#code): Promise<void> {
    // Where it was killed, without a pause: a test that kills it again while it starts must not come before the start.
    if (!this.#isKilled) await this.kill();
    this.#code = { project: this.#code.project, ...code };
    this.#server = this.#spawn();
    await this.listening();
  }

  /** Ends it in order, and removes its state. */
  async stop(): Promise<void> {
    await this.#server.stop();
    if (this.#isOwnFolder) rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #spawn(): LocalServer {
    this.#isKilled = false;
    const output = (text: string) => (this.#output += text);
    return new LocalServer({ ...this.#code, port: this.#port, persistTo: this.folder, output });
  }
}
