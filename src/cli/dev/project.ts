/** Where the local store of a project will listen: as the command line says, else its configuration. */

import { HOST } from "../../local/wrangler.ts";
import { type Loose, tableOf } from "../doctor/config-file.ts";

/** Where wrangler listens unless the command line or the configuration has another port. */
const PORT = 8787;

/** What is said on the command line about where the store listens. */
export interface Listening {
  readonly port?: number;
  readonly ip?: string;
  readonly localProtocol?: string;
}

export interface Place {
  readonly port: number;
  readonly ip: string;
  /** For requests of this process. */
  readonly url: string;
  /** For a person. */
  readonly shown: string;
  readonly isSelfSigned: boolean;
}

/** Where the store will be: as the command line says, else the configuration's `dev`. */
export function placeIn(config: Loose, { port, ip, localProtocol }: Listening): Place {
  const dev = tableOf(config.dev);
  const at = port ?? (typeof dev.port === "number" ? dev.port : PORT);
  const address = ip ?? (typeof dev.ip === "string" ? dev.ip : HOST);
  const protocol = (localProtocol ?? dev.local_protocol) === "https" ? "https" : "http";
  // On all addresses it is on the loopback address, too.
  const isLocal = ["*", "0.0.0.0", "::", "localhost", HOST].includes(address);
  const host = isLocal ? HOST : address.includes(":") ? `[${address}]` : address;
  const shown = `${isLocal ? "localhost" : host}:${at}`;
  return {
    port: at,
    ip: address,
    url: `${protocol}://${host}:${at}`,
    shown: protocol === "https" ? `https://${shown}` : shown,
    isSelfSigned: protocol === "https",
  };
}
