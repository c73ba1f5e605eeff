/** `npm start`: what it prints is true, and it ends when a signal asks for that. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client, until } from "../../scripts/client.ts";
import { freePort, temporaryFolder } from "../../scripts/dev-server.ts";
import { descendants, processes } from "./processes.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What `npm start` runs. */
const { start: script } = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } }).scripts;
const ARGS = script.replace(/^node /, "").split(" ");
const shell = promisify(execFile);

/** `npm start` in a child process, with all that it prints. */
class Start {
  readonly child: ChildProcess;
  /** Its exit code; null when a signal has ended it. */
  readonly exit: Promise<number | null>;
  output = "";

  constructor(port: number, persistTo: string) {
    const env = { ...process.env, PORT: String(port), PERSIST_TO: persistTo };
    this.child = spawn(process.execPath, ARGS, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    this.exit = once(this.child, "exit").then(([code]) => code as number | null);
    for (const from of [this.child.stdout, this.child.stderr])
      from?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Waits for all that it prints when the store answers: its first calls come after its address. */
  welcomes(): Promise<void> {
    return this.says(/shows the store at work/);
  }

  /** Waits for a line like this. */
  async says(line: RegExp): Promise<void> {
    await until(`${line} from npm start`, () => {
      if (this.child.exitCode !== null) throw new Error(`npm start has ended:\n${this.output}`);
      return line.test(this.output) || undefined;
    });
  }
}

function familyOf({ pid }: Start): Set<number> {
  return new Set(descendants(pid).map(({ pid }) => pid));
}

describe("npm start", () => {
  let port: number;
  let client: Client;
  let start: Start;
  const folder = temporaryFolder();

  beforeAll(async () => {
    port = await freePort();
    client = new Client(`http://127.0.0.1:${port}`);
    start = new Start(port, folder);
    await start.welcomes();
  });
  afterAll(async () => {
    start.child.kill();
    await start.exit;
    rmSync(folder, { recursive: true });
  });

  it("prints curl commands that work: a command, its stream, a view of it, the log", async () => {
    const commands = start.output.split("\n").filter((line) => line.trimStart().startsWith("curl "));
    const answers: unknown[] = [];
    for (const command of commands) answers.push(JSON.parse((await shell("sh", ["-c", command])).stdout));
    expect(answers).toMatchObject([
      { stream: "product/1", events: [{ type: "StockReceived" }] },
      { stream: "product/1", version: 1 },
      { rows: [{ sku: "1", available: 1 }] },
      { events: [{ stream: "product/1" }], head: 1 },
    ]);
  });

  it("prints nothing else of wrangler's output", () => {
    expect(start.output.split("\n").filter((line) => line !== "" && !line.startsWith("  curl "))).toEqual([
      `Headspring listens on http://localhost:${port}`,
      `http://localhost:${port}/docs describes every call.`,
      `http://localhost:${port}/console shows the store at work.`,
    ]);
  });

  it("reports that its port is in use", async () => {
    const second = new Start(port, folder);
    expect(await second.exit).toBe(1);
    expect(second.output).toContain(`port ${port} is in use`);
  });

  it("starts wrangler again when it dies, on the same data", async () => {
    for (const { pid, command } of descendants(start.pid)) if (command.includes("wrangler")) process.kill(pid, "SIGKILL");
    await start.says(/started again/);
    const row = await until("the store again", () => client.get("/views/stock/1").catch(() => undefined));
    expect(row).toMatchObject({ sku: "1" });
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`ends in order on ${signal}, leaves no process behind, and has the same data next time`, async () => {
      const family = familyOf(start);
      start.child.kill(signal);
      expect(await start.exit).toBe(0);
      expect(processes().filter(({ pid }) => family.has(pid))).toEqual([]);

      start = new Start(port, folder);
      await start.welcomes();
      expect(await client.get("/views/stock/1")).toMatchObject({ sku: "1" });
    });
  }

  it("leaves no process behind even when it is killed", async () => {
    const family = familyOf(start);
    expect(family.size).toBeGreaterThan(0);
    start.child.kill("SIGKILL");
    await until("the end of all it started", () => !processes().some(({ pid }) => family.has(pid)) || undefined);
  });
});
