/**
 * `npm run check:deploy`: bundles the shop's worker as a deployment would, and the client and its React hooks as a page would, prints their
 * sizes, and fails above the limits, so that what makes every cold start or page longer is noticed in review.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** KiB, gzipped: some above what it is, so that a feature fits and a library that came in unnoticed does not. Ours. */
const LIMIT = 530;
/** What a page imports, and the bytes, gzipped, that it takes on by that, without React (DESIGN: the package). */
const PAGES = [
  { name: "the client", code: 'export { HeadspringError, createClient } from "./src/client/index.ts"', limit: 5_000 },
  { name: "the client with its outbox", code: 'export * from "./src/client/index.ts"', limit: 6_000 },
  { name: "the react", code: 'export * from "./src/react/index.ts"', limit: 2_000 },
];

const folder = mkdtempSync(join(tmpdir(), "headspring-bundle-"));
try {
  const wrangler = join(import.meta.dirname, "../node_modules/wrangler/bin/wrangler.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", folder], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`wrangler could not bundle the worker:\n${stdout}${stderr}`);
  const code = readFileSync(join(folder, "worker.js"));
  const [size, gzipped] = [code.length, gzipSync(code).length].map((bytes) => Math.round(bytes / 1024)) as [number, number];
  console.log(`the worker: ${size} KiB, ${gzipped} KiB gzipped (at most ${LIMIT})`);
  if (gzipped > LIMIT) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

for (const { name, code, limit } of PAGES) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: join(import.meta.dirname, "..") },
    bundle: true,
    minify: true,
    format: "esm",
    external: ["react"],
    write: false,
  });
  const gzipped = gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
  console.log(`${name}: ${outputFiles[0]!.contents.length} bytes, ${gzipped} gzipped (at most ${limit})`);
  if (gzipped > limit) process.exitCode = 1;
}
