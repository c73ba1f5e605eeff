/**
 * `npm run check:package`: packs both packages, and has publint and attw judge the tarballs: what a project that installs them could not load.
 * Then test/package/project is compiled with the package under `declaration: true`, which finds a type that no entry exports.
 */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packCreateInto, packInto, run } from "./pack.ts";

/** What belongs into the package, and into create-headspring. */
const EXPECTED =
  /^(?:bin\/headspring\.js|dist\/.+\.(?:js|d\.ts)|docs\/.+\.md|docs\/pictures\/[\w-]+\.webp|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
const EXPECTED_IN_CREATE = /^(?:dist\/[^/]+\.js|dist\/templates\/.+|package\.json|README\.md|LICENSE)$/;

const ROOT = join(import.meta.dirname, "..");

const folder = mkdtempSync(join(tmpdir(), "headspring-pack-"));
try {
  const { tarball, files, bytes } = packInto(folder);
  refuseOthers(files, EXPECTED);
  run("publint", ["run", "--strict", tarball]);
  // Modules only: `require` and the resolution of Node 10 are not served.
  run("attw", [tarball, "--profile", "esm-only"]);
  declareProject(join(folder, "project"), tarball);
  console.log(`the package: ${files.length} files, ${Math.round(bytes / 1024)} KiB`);

  const create = packCreateInto(folder);
  refuseOthers(create.files, EXPECTED_IN_CREATE);
  run("publint", ["run", "--strict", create.tarball]);
  console.log(`create-headspring: ${create.files.length} files, ${Math.round(create.bytes / 1024)} KiB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Compiles the project with the packed package. */
function declareProject(project: string, tarball: string): void {
  cpSync(join(ROOT, "test/package/project"), project, { recursive: true });
  const installed = join(project, "node_modules/headspring");
  mkdirSync(installed, { recursive: true });
  run("tar", ["xzf", tarball, "--strip-components=1", "-C", installed]);
  // As npm would: next to the package its own dependencies, and what a project adds.
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  for (const name of ["zod", "hono", "@cloudflare/workers-types", ...Object.keys(dependencies)]) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link);
  }
  run("tsc", ["-p", project, "--declaration", "--noEmit", "false", "--emitDeclarationOnly", "--outDir", join(project, "declared")]);
}

function refuseOthers(files: readonly string[], expected: RegExp): void {
  const strange = files.filter((path) => !expected.test(path));
  if (strange.length > 0) throw new Error(`these files do not belong into the package: ${strange.join(", ")}`);
}
