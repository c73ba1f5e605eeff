/**
 * Examples as a stranger gets them: copied, with the packed package, and with what they depend on from the npm registry. Their tools (wrangler,
 * the compiler, vitest, Node) are those of this repository, linked: the versions that they ask for.
 */

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packInto } from "../../scripts/pack.ts";
import { strangersEnvironment } from "./stranger.ts";

const ROOT = join(import.meta.dirname, "../..");
const MODULES = join(ROOT, "node_modules");

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Runs a command in the project; what it prints is in the error if it fails. */
export async function runIn(project: string, command: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const done = promisify(execFile)(command, args, { cwd: project, env: strangersEnvironment(), encoding: "utf8" });
  return done.catch(({ stdout, stderr, message }: { stdout: string; stderr: string; message: string }) => {
    throw new Error(`${message}\n${stdout}${stderr}`);
  });
}

/** Copies the example into the folder, and installs what it depends on, with the tarball in place of the link. Answers with its folder. */
export async function installExample(name: string, folder: string): Promise<string> {
  const [project = ""] = await installExamples([name], folder);
  return project;
}

/** The same for several: what they depend on is installed once, in the folder that has them all. */
export async function installExamples(names: readonly string[], folder: string): Promise<string[]> {
  const manifests = names.map((name) => JSON.parse(readFileSync(join(ROOT, "examples", name, "package.json"), "utf8")) as Manifest);
  const union = (part: "dependencies" | "devDependencies") =>
    Object.assign({}, ...manifests.map((one) => one[part])) as Manifest["dependencies"];
  const dependencies = { ...union("dependencies"), headspring: `file:${packInto(folder).tarball}` };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  await runIn(folder, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund");
  // The tools are linked, and their commands.
  const tools = Object.keys(union("devDependencies"));
  for (const path of [...tools, ...tools.flatMap(commandsOf).map((command) => `.bin/${command}`)]) {
    const place = join(folder, "node_modules", path);
    mkdirSync(join(place, ".."), { recursive: true });
    rmSync(place, { force: true });
    symlinkSync(join(MODULES, path), place);
  }
  return names.map((name) => {
    const project = join(folder, name);
    cpSync(join(ROOT, "examples", name), project, { recursive: true, filter: (path) => !/node_modules|\.wrangler/.test(path) });
    return project;
  });
}

/** The commands of an installed package. */
function commandsOf(name: string): string[] {
  const { bin = {} } = JSON.parse(readFileSync(join(MODULES, name, "package.json"), "utf8")) as { bin?: string | Record<string, string> };
  return typeof bin === "string" ? [name] : Object.keys(bin);
}
