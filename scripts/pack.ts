/** Makes the packages' tarballs: `npm run tarballs` in the repository's folder, for `npm publish`; and what checks and tries them somewhere else. */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { settlePages } from "./packed-pages.ts";

const ROOT = join(import.meta.dirname, "..");

interface Packed {
  readonly tarball: string;
  readonly files: readonly string[];
  readonly bytes: number;
}

/** Builds the package, and packs it into the folder. */
export function packInto(folder: string): Packed {
  return packBuilt(folder, ROOT, "scripts/build.ts");
}

/** Builds create-headspring, and packs it into the folder. */
export function packCreateInto(folder: string): Packed {
  return packBuilt(folder, join(ROOT, "create"), "scripts/build-create.ts");
}

/** Packs a project as it is into the folder: without its scripts, and so without a build. */
export function packAsItIs(folder: string, project: string): Packed {
  const packed = run("npm", ["pack", project, "--json", "--silent", "--ignore-scripts", "--pack-destination", folder]);
  const [made] = JSON.parse(packed) as [{ filename: string; size: number; files: { path: string }[] }];
  return { tarball: join(folder, made.filename), files: made.files.map(({ path }) => path), bytes: made.size };
}

/** Builds in a folder of its own, not in the repository: who packs at the same time would find half of a `dist`. */
function packBuilt(folder: string, project: string, build: string): Packed {
  const copy = copyPacked(folder, project);
  run(process.execPath, [join(ROOT, build), join(copy, "dist")]);
  return packAsItIs(folder, copy);
}

/** Copies what is packed of a project into a folder of its own, with pages for the package, and without `dist`. */
export function copyPacked(folder: string, project: string): string {
  const copy = mkdtempSync(join(folder, "built-"));
  const { files } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { files: string[] };
  for (const name of ["package.json", "README.md", "LICENSE", ...files])
    if (name !== "dist" && existsSync(join(project, name))) cpSync(join(project, name), join(copy, name), { recursive: true });
  settlePages(copy);
  return copy;
}

/** Runs a command in the repository, and answers with what it prints. */
export function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), "headspring-pack-"));
  try {
    for (const pack of [packInto, packCreateInto]) {
      const { tarball } = pack(folder);
      const name = basename(tarball);
      cpSync(tarball, join(ROOT, name));
      console.log(name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
