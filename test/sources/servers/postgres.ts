/** PostgreSQL as tests follow it: a cluster of its own in a temporary folder, with logical decoding, and no care for the disk. */

import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../scripts/dev-server.ts";
import type { RunningServer, TestServer } from "./server.ts";

const DEBIAN = "/usr/lib/postgresql";

/** The folder of the newest server's programs, which Debian keeps off the PATH; undefined: there is none. */
function programs(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
}

/** Small, fast, and able to decode: what is lost when the machine crashes does not matter here. */
const SETTINGS = [
  "wal_level=logical",
  "fsync=off",
  "full_page_writes=off",
  "shared_buffers=64MB",
  "max_wal_senders=4",
  "max_replication_slots=100",
  "max_connections=100",
  "autovacuum=off",
];

/** Starts a cluster, on a free port unless one is given. The server refuses to run as root: then it runs as Debian's user `postgres`. */
export async function startPostgres(
  settings: readonly string[] = [],
  onPort?: number,
): Promise<RunningServer & { readonly folder: string; readonly restart: () => Promise<void> }> {
  const bin = programs();
  if (bin === undefined) throw new Error("postgresql is not installed");
  const folder = mkdtempSync(join(tmpdir(), "headspring-postgres-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" })));
    for (const path of [folder, data]) chownSync(path, uid!, gid!);
  }
  const as = (program: string, args: readonly string[]): [string, string[]] =>
    isRoot ? ["runuser", ["-u", "postgres", "--", join(bin, program), ...args]] : [join(bin, program), [...args]];

  const init = as("initdb", ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
  execFileSync(...init, { cwd: folder, stdio: "pipe" });
  const port = onPort ?? (await freePort());
  const options = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, ...SETTINGS, ...settings];
  const isReady = as("pg_isready", ["-q", "-h", "127.0.0.1", "-p", String(port), "-U", "postgres"]);
  const start = async () => {
    const server = spawn(...as("postgres", ["-D", data, ...options.flatMap((option) => ["-c", option])]), { cwd: folder, stdio: "ignore" });
    const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
    // `pg_isready` waits itself for up to three seconds.
    for (let attempt = 0; ; attempt++) {
      try {
        execFileSync(...isReady, { cwd: folder, stdio: "ignore" });
        return { ended };
      } catch (error) {
        if (attempt === 300 || server.exitCode !== null) throw new Error("PostgreSQL does not start", { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  let running = await start();
  // `immediate` is a crash: no checkpoint, and the log is recovered at the next start.
  const die = async () => {
    execFileSync(...as("pg_ctl", ["stop", "-D", data, "-m", "immediate", "-s"]), { cwd: folder, stdio: "ignore" });
    await running.ended;
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    folder,
    async restart() {
      await die();
      running = await start();
    },
    async stop() {
      await die();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const postgresServer: TestServer = {
  name: "postgres",
  package: "postgresql",
  isInstalled: () => programs() !== undefined,
  start: () => startPostgres(),
};
