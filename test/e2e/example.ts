/**
 * An example as a stranger gets it: copied, with the packed package, and with what it depends on from the npm registry. Its tools (wrangler,
 * the compiler, vitest, Node) are those of this repository, linked: the versions that it asks for.
 */

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packInto } from "../../scripts/pack.ts";
import { strangersEnvironment } from "./stranger.ts";

const ROOT = join(import.meta.dirname, "../..");
const MODULES = join(ROOT, "node_modules");
const COMMANDS = ["node", "tsc", "vitest", "wrangler"];

/** Runs a command in the project; what it prints is in the error if it fails. */
export async function runIn(project: string, command: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const done = promisify(execFile)(command, args, { cwd: project, env: strangersEnvironment(), encoding: "utf8" });
  return done.catch(({ stdout, stderr, message }: { stdout: string; stderr: string; message: string }) => {
    throw new Error(`${message}\n${stdout}${stderr}`);
  });
}

/** Copies the example into the folder, and installs what its README says, with the tarball in place of the version. Answers with its folder. */
export async function installExample(name: string, folder: string): Promise<string> {
  const project = join(folder, name);
  cpSync(join(ROOT, "examples", name), project, { recursive: true, filter: (path) => !/node_modules|\.wrangler/.test(path) });
  // Without what is linked.
  await runIn(project, "npm", "install", "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund", packInto(folder).tarball);
  const { devDependencies } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { devDependencies: object };
  for (const path of [...Object.keys(devDependencies), ...COMMANDS.map((command) => `.bin/${command}`)]) {
    const place = join(project, "node_modules", path);
    mkdirSync(join(place, ".."), { recursive: true });
    rmSync(place, { force: true });
    symlinkSync(join(MODULES, path), place);
  }
  return project;
}
