/** Makes the package's tarball as `npm publish` would, for what checks and tries it. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Builds and packs into the folder; answers with the tarball's path and what is in it. Another project is packed as it is, without a build. */
export function packInto(
  folder: string,
  project = ROOT,
): { readonly tarball: string; readonly files: readonly string[]; readonly bytes: number } {
  const packed = run("npm", ["pack", project, "--json", "--silent", `--ignore-scripts=${project !== ROOT}`, "--pack-destination", folder]);
  const [made] = JSON.parse(packed) as [{ filename: string; size: number; files: { path: string }[] }];
  return { tarball: join(folder, made.filename), files: made.files.map(({ path }) => path), bytes: made.size };
}

/** Runs a command in the repository, and answers with what it prints. */
export function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** Builds and packs create-headspring into the folder. */
export function packCreateInto(folder: string): ReturnType<typeof packInto> {
  run(process.execPath, [join(ROOT, "scripts/build-create.ts")]);
  return packInto(folder, join(ROOT, "create"));
}
