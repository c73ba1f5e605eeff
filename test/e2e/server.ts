/** A real `wrangler dev` that can be killed and started again on the same state. */

import { cpSync, rmSync } from "node:fs";
import { Client, until } from "../../scripts/client.ts";
import { DevServer, type DevServerOptions, freePort, temporaryFolder } from "../../scripts/dev-server.ts";
import { type Process, processes } from "./processes.ts";

/** Another worker than the shop's, or others next to it, perhaps of another project, and variables. */
type ServerOptions = Pick<DevServerOptions, "project" | "main" | "configs" | "variables"> & {
  /** A folder with a state to begin with. It stays as it is. */
  readonly state?: string;
};

export class Server {
  readonly client: Client;
  readonly #port: number;
  #options: ServerOptions;
  /** Where its state is. */
  readonly folder = temporaryFolder();
  #wrangler: DevServer;
  #output = "";

  static async start(options: ServerOptions = {}): Promise<Server> {
    const server = new Server(await freePort(), options);
    await server.#listening();
    return server;
  }

  private constructor(port: number, options: ServerOptions) {
    this.#port = port;
    this.#options = options;
    if (options.state !== undefined) cpSync(options.state, this.folder, { recursive: true });
    this.#wrangler = this.#spawn();
    this.client = new Client(this.#wrangler.url);
  }

  /** What wrangler and the worker have printed: warnings and errors. */
  get output(): string {
    return this.#output;
  }

  /** `kill -9` of wrangler and everything it has started. */
  async crash(): Promise<void> {
    this.#wrangler.kill();
    await this.#wrangler.ended;
  }

  /** The same store again, from what is on the disk; perhaps with other code. */
  async startAgain(options = this.#options): Promise<void> {
    this.#options = options;
    this.#wrangler = this.#spawn();
    await this.#listening();
  }

  /** `kill -9` of the runtime only. Wrangler starts another one; until it answers, requests wait or fail. */
  async crashRuntime(): Promise<void> {
    const { pid } = await until("a runtime to kill", () => this.#runtime());
    process.kill(pid, "SIGKILL");
    await until("another runtime", () => (this.#runtime()?.pid ?? pid) !== pid || undefined);
    await this.#listening();
  }

  async stop(): Promise<void> {
    await this.#wrangler.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** The one of the two workerd processes that has no public port: the other is wrangler's proxy in front of it. */
  #runtime(): Process | undefined {
    return processes().find(
      ({ group, command }) =>
        group === this.#wrangler.group && command.includes("workerd serve") && !command.includes(`=entry=127.0.0.1:${this.#port} `),
    );
  }

  #spawn(): DevServer {
    return new DevServer({ ...this.#options, port: this.#port, persistTo: this.folder, output: (text) => (this.#output += text) });
  }

  async #listening(): Promise<void> {
    await this.#wrangler.listening().catch((error: Error) => {
      throw new Error(`${error.message}. It said:\n${this.#output}`);
    });
  }
}
