/**
 * `npm run check:deploy`: bundles the shop's worker as a deployment would, prints its size, and fails above the limit, so that what makes
 * every cold start longer is noticed in review.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** KiB, gzipped: some above what it is, so that a feature fits and a library that came in unnoticed does not. Ours. */
const LIMIT = 300;

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
