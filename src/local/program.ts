/** Which wrangler a project has. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

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
