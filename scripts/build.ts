/**
 * `npm run build`: the package's `dist`, compiled from `src` by tsc. `npm run tarballs`, `npm pack` and `npm publish` run it. With the path of a folder it builds there.
 */

import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildConsole } from "./build-console.ts";

const root = join(import.meta.dirname, "..");
const dist = resolve(process.argv[2] ?? join(root, "dist"));

// Without what an earlier build has left of files that are gone.
rmSync(dist, { recursive: true, force: true });
await buildConsole();
const tsc = join(root, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", dist], { stdio: "inherit" });
if (status !== 0) process.exit(1);

// The compiler rewrites the extensions of imports in modules, and leaves them in declarations.
for (const file of globSync("**/*.d.ts", { cwd: dist })) {
  const path = join(dist, file);
  const declarations = readFileSync(path, "utf8");
  writeFileSync(path, declarations.replaceAll(/(\bfrom |\bimport\()"(\.{1,2}\/[^"]+)\.ts"/g, '$1"$2.js"'));
}
