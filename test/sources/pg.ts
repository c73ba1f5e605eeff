/**
 * `pg`, as these tests import it. The pool finds the files of a package as Node does, without the condition `workerd`, and would give pg an
 * empty socket. A worker that wrangler has bundled has the right one by itself.
 */

import type pgOfNode from "pg";
// @ts-expect-error -- the file has no types of its own
import untyped from "../../node_modules/pg/esm/index.mjs";
import { CloudflareSocket } from "../../node_modules/pg-cloudflare/dist/index.js";

const pg = untyped as typeof pgOfNode;

class Client extends pg.Client {
  constructor(config?: ConstructorParameters<typeof pg.Client>[0]) {
    const given = typeof config === "string" ? { connectionString: config } : config;
    super({ ...given, stream: () => new CloudflareSocket(false) as never });
  }
}

export default { ...pg, Client };
