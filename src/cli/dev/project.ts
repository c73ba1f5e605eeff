/** What a project's folder says of its local store: which wrangler it has, and where that will listen. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Loose, tableOf } from "../doctor/config-file.ts";
import { HOST } from "./wrangler.ts";

/** Where wrangler listens unless the command line or the configuration has another port. */
const PORT = 8787;

/** The program of the project's own wrangler: another one is never downloaded. @throws {Error} when it has none */
export function programOf(folder: string): string {
  let manifest: string;
  try {
    manifest = createRequire(join(folder, "package.json")).resolve("wrangler/package.json");
  } catch {
    throw new Error("wrangler is not installed in this project: npm install --save-dev wrangler");
  }
  const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: Readonly<Record<string, string>> };
  return join(dirname(manifest), bin.wrangler ?? "bin/wrangler.js");
}

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
