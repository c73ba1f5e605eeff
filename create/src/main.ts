#!/usr/bin/env node
/** `npm create headspring`: asks for a name and a template, writes the project, installs what it needs. */

import { intro, log, outro } from "@clack/prompts";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { HELP, Mistake, argumentsIn } from "./arguments.ts";
import { answersTo } from "./questions.ts";
import { filesOf } from "./templates.ts";
import { write } from "./write.ts";

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as { version: string };

try {
  await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  // What the file system refuses is as little a fault of this program as a wrong name.
  if (!(error instanceof Mistake) && !("syscall" in error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const asked = argumentsIn(process.argv.slice(2));
  if (asked.asks === "help") return console.log(HELP);
  if (asked.asks === "version") return console.log(version);

  intro("Headspring");
  const { folder, name, template } = await answersTo(asked);
  // The two packages are released together, under one version.
  const files = filesOf(template, { name, headspring: asked.headspring ?? `^${version}` });
  write(folder, files);
  log.success(`${files.size} files in ${folder}`);

  const isInstalled = asked.isInstalled && install(folder);
  const here = relative(process.cwd(), folder);
  const steps = [...(here === "" ? [] : [`cd ${here}`]), ...(isInstalled ? [] : ["npm install"]), "npm start", "npm test"];
  outro(`Next (README.md has the first calls):\n\n${steps.map((step) => `   ${step}`).join("\n")}`);
}

/** Whether it is done. Another package manager than npm is left to its user. */
function install(folder: string): boolean {
  const manager = process.env.npm_config_user_agent;
  if (manager !== undefined && !manager.startsWith("npm/")) return false;
  log.step("npm install");
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: "inherit",
    shell: process.platform === "win32", // where npm is a script
  });
  if (status === 0) return true;
  log.error("npm install did not succeed. The project is complete: correct what npm reports, and run it again there.");
  process.exitCode = 1;
  return false;
}
