/** A real `wrangler dev` that can be killed and started again on the same state, and whose runtime can be killed alone. */

import { Client, until } from "../../scripts/client.ts";
import { type DevServerOptions, ROOT, freePort } from "../../scripts/dev-server.ts";
import { LocalStore } from "../../src/local/store.ts";
import { type Process, processes } from "./processes.ts";

/** Another worker than the shop's, or others next to it, perhaps of another project, and variables. */
type ServerOptions = Pick<DevServerOptions, "project" | "main" | "configs" | "variables"> & {
  /** A folder with a state to begin with. It stays as it is. */
  readonly state?: string;
};

export class Server extends LocalStore {
  readonly client = new Client(this.url);

  static async start(options: ServerOptions = {}): Promise<Server> {
    const server = new Server({ project: ROOT, ...options, port: await freePort() });
    await server.listening();
    return server;
  }

  /** `kill -9` of wrangler and everything it has started. */
  async crash(): Promise<void> {
    await this.kill();
  }

  /** `kill -9` of the runtime only. Wrangler starts another one; until it answers, requests wait or fail. */
  async crashRuntime(): Promise<void> {
    const { pid } = await until("a runtime to kill", () => this.#runtime());
    process.kill(pid, "SIGKILL");
    await until("another runtime", () => (this.#runtime()?.pid ?? pid) !== pid || undefined);
    await this.listening();
  }

  /** The one of the two workerd processes that has no public port: the other is wrangler's proxy in front of it. */
  #runtime(): Process | undefined {
    const isProxy = (command: string) => command.includes(`=entry=${new URL(this.url).host} `);
    return processes().find(({ group, command }) => group === this.group && command.includes("workerd serve") && !isProxy(command));
  }
}
