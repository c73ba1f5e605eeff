/**
 * docs/consumers-outside.md: its programs, as they are printed, follow a store while events come in, and are killed (SIGKILL) again and again,
 * each time just after a call to the outside. In the end each event has had its effects once and in order.
 */

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { Client, until } from "../../scripts/client.ts";
import { temporaryFolder } from "../../scripts/dev-server.ts";
import { runs } from "../effort.ts";
import { sectionsOf } from "./follow.ts";
import { Server } from "./server.ts";

/** Node that runs TypeScript and has SQLite: the one that the package's scripts run with. */
const NODE = join(import.meta.dirname, "../../node_modules/.bin/node");
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

const PROGRAMS = [
  { title: "TypeScript", needs: "Node 24", file: "follow.ts", command: [NODE], isThere: true },
  { title: "Python", needs: "python3", file: "follow.py", command: ["python3"], isThere: has("python3", "-c", "import sqlite3") },
  { title: "Ruby", needs: "ruby and ruby-sqlite3", file: "follow.rb", command: ["ruby"], isThere: has("ruby", "-e", 'require "sqlite3"') },
] as const;

const DONORS = ["donor-1", "donor-2", "zoë & co"];
/** Times that each program is killed. */
const KILLS = runs(20);
/** Donations that come in during each of its lives. */
const DONATIONS = 6;
/** Milliseconds that the one after a call may go on, at most: a commit takes less. */
const AFTER_CALL_MS = 8;

const page = sectionsOf("docs/consumers-outside.md");
const blockOf = (isIt: (text: string) => boolean) => page.flatMap(({ blocks }) => blocks).find(({ text }) => isIt(text))?.text ?? "";

interface Entry {
  readonly stream: string;
  readonly version: number;
  readonly amount: number;
}
interface Kept {
  readonly position: number;
  readonly entries: readonly Entry[];
  readonly totals: Readonly<Record<string, number>>;
}
interface LogEvent {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly data: { readonly amount: number };
  readonly erased?: true;
}

let server: Server;
const folder = temporaryFolder();
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.concurrent.each(PROGRAMS)("the consumer of the page in $title", ({ title, needs, file, command, isThere }) => {
  it.skipIf(!isThere)(`applies each event once and in order, however often it is killed (needs ${needs})`, async ({ expect }) => {
    const { client } = server;
    const store = `outside-${title.toLowerCase()}`;
    const STORE = `${client.url}/stores/${store}`;
    const DATABASE = join(folder, `${store}.db`);
    const program = join(folder, file);
    writeFileSync(
      program,
      blockOf((text) => text.startsWith(`// ${file}`) || text.startsWith(`# ${file}`)),
    );
    const at = new Client(STORE);

    const running: ChildProcess[] = [];
    let amount = 0;
    let errors = "";
    const start = () => {
      const [name, ...args] = [...command, program];
      const child = spawn(name, args, { env: { ...process.env, STORE, DATABASE }, stdio: ["ignore", "ignore", "pipe"] });
      child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
      running.push(child);
      return child;
    };
    const kill = async (child: ChildProcess) => {
      const isOver = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      child.kill("SIGKILL");
      await isOver;
    };
    const log = async (category: string) => (await at.get<{ events: LogEvent[] }>(`/log?category=${category}&limit=1000`)).events;
    const give = async (donor: string, amount: number) => at.call("/streams/donation", { donor, amount }, { prefer: "wait=20" });
    /** What it has, once that is as wanted. */
    const keptWhen = async (what: string, isIt: (kept: Kept) => boolean) =>
      until(what, async () => {
        if (errors !== "") throw new Error(errors);
        const kept = await keptIn(DATABASE);
        return isIt(kept) ? kept : undefined;
      });

    try {
      // What the page declares, and its first donation.
      const declared = blockOf((text) => text.includes("-X PUT localhost:8787/streams/donation")).replace(/^npm .*$/m, "");
      await promisify(execFile)("bash", ["-euo", "pipefail", "-c", declared.replaceAll("localhost:8787", STORE)]);

      for (let killed = 0; killed < KILLS; killed++) {
        const before = (await log("receipt")).length;
        const { position } = killed === 0 ? { position: 0 } : await keptIn(DATABASE);
        const child = start();
        // While it works, more comes in.
        const giving = (async () => {
          for (let given = 0; given < DONATIONS; given++, amount++) await give(DONORS[amount % DONORS.length]!, amount + 1);
        })();
        // Now in the middle of a page, whose calls have been made in part, and now after a commit.
        const isMoved = async () => (await keptIn(DATABASE)).position > position;
        const hasCalled = async () => (await log("receipt")).length > before + (killed % DONATIONS);
        await until("progress", async () => (await (killed % 2 === 0 ? hasCalled() : isMoved())) || undefined);
        await sleep(Math.random() * AFTER_CALL_MS);
        await kill(child);
        await giving;
      }

      // Two at once do no harm, either.
      const two = [start(), start()];
      for (const donor of DONORS) await give(donor, 1_000);

      const donations = await log("donation");
      expect(donations.length).toBe(amount + 1 + DONORS.length);
      const kept = await keptWhen("the last donation", ({ entries }) => entries.length >= donations.length);
      expect(kept.entries).toEqual(donations.map(entryOf));
      expect(kept.totals).toEqual(totalsOf(donations));
      const receipts = await log("receipt");
      expect(receipts.map(({ id, stream, data }) => [id, stream, data.amount])).toEqual(
        donations.map(({ id, stream, data }) => [derivedId(id, `${stream}/receipt`), stream.replace("donation/", "receipt/"), data.amount]),
      );

      // An erased stream leaves nothing.
      await at.call("/streams/donation/donor-1?erase=true", undefined, { prefer: "wait=20" }, "DELETE");
      const without = await keptWhen("the erasure", ({ totals }) => !("donation/donor-1" in totals));
      const rest = donations.filter(({ stream }) => stream !== "donation/donor-1");
      expect(without.entries).toEqual(rest.map(entryOf));

      // Built again, it is the same, and what is outside has not happened again.
      for (const child of two) await kill(child);
      await queried(
        DATABASE,
        blockOf((text) => text.startsWith("BEGIN;")),
      );
      start();
      await give("donor-2", 7);
      const again = await keptWhen("everything again", ({ entries }) => entries.length > rest.length);
      const now = (await log("donation")).filter(({ erased, data }) => !erased && data.amount !== undefined);
      expect(again.entries).toEqual(now.map(entryOf));
      expect(again.totals).toEqual(totalsOf(now));
      expect((await log("receipt")).length).toBe(receipts.length + 1);
      expect(errors).toBe("");
    } finally {
      for (const child of running) await kill(child);
    }
  });
});

function entryOf({ stream, version, data }: LogEvent): Entry {
  return { stream, version, amount: data.amount };
}

function totalsOf(donations: readonly LogEvent[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { stream, data } of donations) totals[stream] = (totals[stream] ?? 0) + data.amount;
  return totals;
}

/** A UUID of version 5. */
function derivedId(id: string, name: string): string {
  const namespace = Buffer.from(id.replaceAll("-", ""), "hex");
  const bytes = createHash("sha1").update(namespace).update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** What the program has committed. The tests' own Node may have no SQLite. */
async function keptIn(database: string): Promise<Kept> {
  const read = `
    db.exec("BEGIN"); // all of it as of one moment
    const all = (table) => db.prepare("SELECT * FROM " + table + " ORDER BY rowid").all();
    const totals = Object.fromEntries(all("totals").map(({ stream, amount }) => [stream, amount]));
    console.log(JSON.stringify({ position: all("checkpoint")[0].position, entries: all("entries"), totals }));`;
  return JSON.parse(await inNode(database, read)) as Kept;
}

async function queried(database: string, statements: string): Promise<void> {
  await inNode(database, `db.exec(${JSON.stringify(statements)});`);
}

async function inNode(database: string, code: string): Promise<string> {
  const open = `const db = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(database)}, { timeout: 30_000 });`;
  return (await promisify(execFile)(NODE, ["-e", open + code])).stdout;
}
