/**
 * Where tests keep what they throw away. Each stream of a test is a database with files of its own, and most of the time that a test took on a
 * disk was the disk's (measured): so they are in memory where the system has a file system there, and it is large.
 */

import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { basename, join } from "node:path";

/** Linux. */
const MEMORY = "/dev/shm";
/** Bytes that must be free there. Ours: the examples are installed with all their packages, several at a time. */
const FREE_BYTES = 8 * 2 ** 30;
const NAME = "headspring-tests-";

/** Moves this process and those that it starts to a folder of their own, which is removed with the process. */
export function keepTemporaryFilesInMemory(): void {
  if (process.env["TMPDIR"] !== undefined || !hasRoom()) return;
  for (const name of readdirSync(MEMORY)) if (name.startsWith(NAME) && !isRunning(ownerOf(name))) remove(name);
  const folder = mkdtempSync(join(MEMORY, `${NAME}${process.pid}-`));
  chmodSync(folder, 0o755); // PostgreSQL runs as a user of its own
  process.env["TMPDIR"] = folder;
  process.once("exit", () => remove(basename(folder)));
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= FREE_BYTES;
  } catch {
    return false;
  }
}

function remove(name: string): void {
  rmSync(join(MEMORY, name), { recursive: true, force: true });
}

function ownerOf(name: string): number {
  return Number(name.slice(NAME.length).split("-")[0]);
}

/** A run that was killed has left its folder. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
