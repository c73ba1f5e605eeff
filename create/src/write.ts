/** Writes a project: whole, or not at all. */

import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What may be in a folder before: a repository that was just made. */
const ALLOWED = new Set([".git", ".DS_Store"]);

/** Why no project can be written into the folder; undefined: it can. */
export function mistakeInFolder(folder: string): string | undefined {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isDirectory()) return `${folder} is a file: choose another name`;
  const first = readdirSync(folder).find((name) => !ALLOWED.has(name));
  if (first === undefined) return undefined;
  return `${folder} is not empty (it has ${first}): choose another name, or empty it first. Nothing was written`;
}

/** Somebody who listens to a signal is not ended by it. */
const ignore = () => {};

/**
 * Ctrl-C during these few milliseconds has no effect, and what was written is removed if a part of it cannot be: nothing is left half
 * written.
 */
export function write(folder: string, files: ReadonlyMap<string, string>): void {
  const written: string[] = [];
  const make = (path: string) => {
    const first = mkdirSync(path, { recursive: true });
    if (first !== undefined) written.push(first);
  };
  process.on("SIGINT", ignore);
  try {
    make(folder);
    for (const [path, content] of files) {
      const target = join(folder, path);
      make(dirname(target));
      // The folder had none of them a moment ago: what is there now belongs to somebody else.
      writeFileSync(target, content, { flag: "wx" });
      written.push(target);
    }
  } catch (error) {
    for (const path of written.toReversed()) rmSync(path, { recursive: true, force: true });
    throw error;
  } finally {
    process.off("SIGINT", ignore);
  }
}
