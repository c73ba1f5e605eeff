/** A store on this machine that programs start and stop: for the demo, the benchmarks and the e2e tests. */

import { join } from "node:path";
import { LocalServer, type LocalServerOptions } from "../src/local/server.ts";

export { freePort, temporaryFolder } from "../src/local/server.ts";

/** This repository, a project with the shop. */
export const ROOT = join(import.meta.dirname, "..");

export interface DevServerOptions extends Omit<LocalServerOptions, "project"> {
  /** The project's folder; absent: this repository. */
  readonly project?: string;
}

export class DevServer extends LocalServer {
  constructor({ project = ROOT, ...options }: DevServerOptions) {
    super({ ...options, project });
  }
}
