/** `npm run check:package`: packs the package, and has publint and attw judge the tarball: what a project that installs it could not load. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packInto, run } from "./pack.ts";

/** What belongs into the package. */
const EXPECTED = /^(?:dist\/.+\.(?:js|d\.ts)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;

const folder = mkdtempSync(join(tmpdir(), "headspring-pack-"));
try {
  const { tarball, files, bytes } = packInto(folder);
  const strange = files.filter((path) => !EXPECTED.test(path));
  if (strange.length > 0) throw new Error(`these files do not belong into the package: ${strange.join(", ")}`);
  run("publint", ["run", "--strict", tarball]);
  // Modules only: `require` and the resolution of Node 10 are not served.
  run("attw", [tarball, "--profile", "esm-only"]);
  console.log(`the package: ${files.length} files, ${Math.round(bytes / 1024)} KiB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
