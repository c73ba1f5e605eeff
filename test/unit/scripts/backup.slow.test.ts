/** The scripts for backups against a store in memory: pieces, kills in the middle, and what is not the same. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Fault, FakeStore } from "./fake-store.ts";

const SCRIPTS = join(import.meta.dirname, "../../../scripts");
/** Events of a piece. */
const PIECE = 3;
const environment = { ...process.env, PIECE: String(PIECE), PAUSES: "0.1 0.1" };

const EVENTS = Array.from({ length: 8 }, (_, at) => ({
  id: `0198c2a6-1111-7abc-8def-00000000000${at}`,
  stream: ["price/1", 'price/odd ","position":9,'][at % 2] ?? "",
  version: Math.floor(at / 2) + 1,
  position: at + 1,
  type: "Priced",
  data: { amount: 19.99, note: `é😀,"recordedAt":"x","schemaVersion":9}`, at },
  meta: { by: "a" },
  time: "2026-11-21T06:00:00Z",
  recordedAt: "2026-11-21T06:00:00.000Z",
  schemaVersion: 1,
}));
const linesOf = (events: readonly object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join("");
const WHOLE = linesOf(EVENTS);
/** The events, with another one at a position. */
const withOther = (position: number, other: object) =>
  EVENTS.map((event) => (event.position === position ? { ...event, ...other } : event));

const declares = (definition: object) => JSON.stringify({ definition });
/** In the order of an export. */
const DEFINITIONS = [
  declares({ kind: "category", name: "price", definition: { strict: false } }),
  declares({ kind: "category", name: "old", definition: {}, retired: true }),
  declares({ kind: "view", name: "latest", definition: { from: "price" } }),
  declares({ kind: "processor", name: "p", definition: { from: "price", steps: [{ filter: '"position":1}}' }] }, position: 8 }),
  declares({ kind: "category", name: "old", retired: true }),
];

let folder: string;
let file: string;
const stores: FakeStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "headspring-"));
  file = join(folder, "backup.ndjson");
});
afterEach(() => {
  for (const store of stores.splice(0)) store.stop();
  rmSync(folder, { recursive: true });
});

async function storeOf(events: readonly (typeof EVENTS)[number][] = EVENTS): Promise<FakeStore> {
  const store = await FakeStore.start(events);
  stores.push(store);
  return store;
}

async function run(script: string, ...parameters: string[]): Promise<string> {
  return (await promisify(execFile)("sh", [join(SCRIPTS, script), ...parameters], { env: environment })).stdout;
}

const backup = (store: FakeStore) => run("backup.sh", store.url, file);
const restore = (store: FakeStore) => run("restore.sh", file, store.url);
const compare = (store: FakeStore) => run("compare.sh", file, store.url);
const callsOf = ({ calls }: FakeStore, start: string) => calls.filter((call) => call.startsWith(start));

/** Runs a script until the store gets this call, which it does not answer, and kills the script and all that it has started. */
async function killedAt(store: FakeStore, call: string, script: string, ...parameters: string[]): Promise<void> {
  const running = spawn("sh", [join(SCRIPTS, script), ...parameters], { env: environment, detached: true, stdio: "ignore" });
  await new Promise<void>((resolve) => {
    store.fault = (made) => {
      if (!made.startsWith(call)) return undefined;
      resolve();
      return "hangs";
    };
  });
  process.kill(-(running.pid ?? 0), "SIGKILL");
  await once(running, "exit");
  store.fault = () => undefined;
}

/** A fault at the first call that begins so. */
function firstTime(start: string, fault: Fault): (call: string) => Fault | undefined {
  let isOver = false;
  return (call) => {
    if (isOver || !call.startsWith(start)) return undefined;
    isOver = true;
    return fault;
  };
}

describe("a store's declarations", () => {
  it("are imported into an empty store around the events: categories before them, the rest after them", async () => {
    const from = await storeOf();
    from.definitions.push(...DEFINITIONS);
    await backup(from);
    const to = await storeOf([]);
    expect(await restore(to)).toContain("has all 8 events");
    const kinds = to.taken.map((line) => DEFINITIONS.indexOf(line));
    expect(kinds).toEqual([0, 1, ...EVENTS.map(() => -1), 2, 3, 4]);
    expect(await restore(to)).toContain("has all 8 events");
    expect(to.definitions).toEqual(DEFINITIONS);
  });

  it("are compared, except for how far processors are", async () => {
    const store = await storeOf();
    store.definitions.push(...DEFINITIONS);
    await backup(store);
    store.definitions[3] = store.definitions[3]!.replace('"position":8', '"position":3');
    expect(await compare(store)).toContain("has all 8 events");
    store.definitions[2] = declares({ kind: "view", name: "latest", definition: { from: "old" } });
    await expect(compare(store)).rejects.toThrow("line 3 of");
    store.definitions.splice(2, 3);
    await expect(compare(store)).rejects.toThrow("line 3 of");
    store.definitions.push(...DEFINITIONS.slice(2), declares({ kind: "view", name: "more", definition: {} }));
    await expect(compare(store)).rejects.toThrow("line 6 of");
  });
});

describe("a backup", () => {
  it("is made in pieces, and is the whole log", async () => {
    const store = await storeOf();
    expect(await backup(store)).toContain("up to position 8, 8 of it new");
    expect(readFileSync(file, "utf8")).toBe(WHOLE);
    expect(callsOf(store, "GET /log?after")).toEqual(
      ["after=0&to=8", "after=3&to=8", "after=6&to=8"].map((range) => `GET /log?${range}&limit=3`),
    );
  });

  it("that was killed goes on after the pieces that it has", async () => {
    const store = await storeOf();
    await killedAt(store, "GET /log?after=6", "backup.sh", store.url, file);
    expect(readFileSync(file, "utf8")).toBe(linesOf(EVENTS.slice(0, 6)));
    store.calls.length = 0;
    expect(await backup(store)).toContain("2 of it new");
    expect(readFileSync(file, "utf8")).toBe(WHOLE);
    // The last event that the file has is asked for again: it says whether this is the same store.
    expect(callsOf(store, "GET /log?after")).toEqual(["GET /log?after=5&to=6&limit=3", "GET /log?after=6&to=8&limit=3"]);
  });

  it.each([
    ["its first line", 20],
    ["a letter of two bytes", linesOf(EVENTS.slice(0, 4)).length + Buffer.from(JSON.stringify(EVENTS[4])).indexOf("é") + 1],
    ["the end of a line", Buffer.byteLength(linesOf(EVENTS.slice(0, 5))) - 1],
  ])("that was cut in %s goes on after the last whole line", async (_where, bytes) => {
    writeFileSync(file, Buffer.from(WHOLE).subarray(0, bytes));
    await backup(await storeOf());
    expect(readFileSync(file, "utf8")).toBe(WHOLE);
  });

  it("has the store's declarations in a file next to it, complete each time", async () => {
    const store = await storeOf();
    await backup(store);
    expect(readFileSync(`${file}.definitions`, "utf8")).toBe("");
    store.definitions.push(...DEFINITIONS);
    await backup(store);
    expect(readFileSync(`${file}.definitions`, "utf8")).toBe(`${DEFINITIONS.join("\n")}\n`);
    expect(readFileSync(file, "utf8")).toBe(WHOLE);
  });

  it("asks again for a piece that broke off, and after an error of the store", async () => {
    for (const fault of ["half", { status: 503 }] as const) {
      const store = await storeOf();
      store.fault = firstTime("GET /log?after=3", fault);
      rmSync(file, { force: true });
      await backup(store);
      expect(readFileSync(file, "utf8")).toBe(WHOLE);
    }
  });

  it("that another process adds to at the same time is left to that process", async () => {
    const store = await storeOf();
    store.fault = (call) => {
      if (call.startsWith("GET /log?after=3")) appendFileSync(file, linesOf(EVENTS.slice(3, 6)));
      return undefined;
    };
    await expect(backup(store)).rejects.toThrow("somebody else adds to");
    expect(readFileSync(file, "utf8")).toBe(linesOf(EVENTS.slice(0, 6)));
  });

  it("cannot be continued from a store that has another event there, nor if it lacks lines", async () => {
    const other = withOther(4, { id: "0198c2a6-1111-7abc-8def-0000000000ff" });
    const part = linesOf(EVENTS.slice(0, 4));
    writeFileSync(file, part);
    await expect(backup(await storeOf(other))).rejects.toThrow("another event at position 4: this is another store");
    writeFileSync(file, linesOf(EVENTS.slice(1, 4)));
    await expect(backup(await storeOf())).rejects.toThrow("3 lines, and the last one's position is 4");
    writeFileSync(file, "not an event\n");
    await expect(backup(await storeOf())).rejects.toThrow("the last one's position is missing");
  });
});

describe("a comparison", () => {
  const [first, second, ...others] = EVENTS as [(typeof EVENTS)[0], (typeof EVENTS)[0], ...typeof EVENTS];

  it.each([
    ["has its lines in another order", [second, first, ...others], "position 1 is another event there, from id on"],
    [
      "differs in one byte of its data",
      withOther(5, { data: { ...EVENTS[4]?.data, amount: 19.98 } }),
      "position 5 is another event there, from data on",
    ],
    ["differs in its meta", withOther(5, { meta: {} }), "position 5 is another event there, from meta on"],
    ["differs in its time", withOther(8, { time: "2026-11-21T06:00:01Z" }), "position 8 is another event there, from time on"],
    ["has an event of a later schema", withOther(2, { schemaVersion: 2 }), "position 2 is another event there, from schemaVersion on"],
    ["has an event as erased", withOther(8, { erased: true }), "position 8 is another event there, from its members on"],
    ["lacks its last line", EVENTS.slice(0, -1), "events behind those of the backup, from position 8 on"],
    ["has one line more", [...EVENTS, { ...EVENTS[7], position: 9, version: 5 }], "position 9 is missing"],
  ])("with a backup that %s ends with status 1, and shows where", async (_what, lines, why) => {
    writeFileSync(file, linesOf(lines));
    await expect(compare(await storeOf())).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(why) as string });
  });

  it("that was killed goes on after the pieces that it has compared, as long as file and store are the same", async () => {
    writeFileSync(file, WHOLE);
    const store = await storeOf();
    await killedAt(store, "GET /log?after=6", "compare.sh", file, store.url);
    store.calls.length = 0;
    expect(await compare(store)).toContain("has all 8 events");
    expect(callsOf(store, "GET /log?")).toEqual(["GET /log?after=6&to=8&limit=3"]);

    await killedAt(store, "GET /log?after=6", "compare.sh", file, store.url);
    writeFileSync(file, linesOf(withOther(4, { type: "Prized" })));
    await expect(compare(store)).rejects.toThrow("position 4 is another event there, from type on");
    await expect(compare(await storeOf(withOther(1, { type: "Prized" })))).rejects.toThrow("position 1 is another event there");
  });
});

describe("a restored store", () => {
  it("is compared piece by piece, and a run that was killed goes on at the store's head", async () => {
    writeFileSync(file, WHOLE);
    const store = await storeOf([]);
    await killedAt(store, "GET /log?after=3", "restore.sh", file, store.url);
    expect(store.events).toHaveLength(6);
    store.calls.length = 0;
    expect(await restore(store)).toContain("has all 8 events");
    expect(store.events).toEqual(EVENTS);
    expect(callsOf(store, "POST /import")).toHaveLength(1);
    expect(callsOf(store, "POST /consumers")).toEqual(["pause", "reset", "resume"].map((action) => `POST /consumers/ship/${action}`));
  });

  it("gets as many requests as it needs, and a failed one again", async () => {
    writeFileSync(file, WHOLE);
    const store = await storeOf([]);
    store.importLines = 2;
    store.fault = firstTime("POST /import", "half");
    await restore(store);
    expect(store.events).toEqual(EVENTS);
    store.fault = firstTime("POST /consumers/ship/reset", { status: 409 });
    await restore(store);
    expect(store.calls.at(-1)).toBe("POST /consumers/ship/resume");
  });

  it.each([
    ["another event", withOther(2, { type: "Other" }).slice(0, 5), "position 2 is another event there"],
    ["more events", [...EVENTS, { ...EVENTS[0], position: 9 } as (typeof EVENTS)[0]], "events behind those of the backup"],
  ])("that had %s before gets no requests, and its processors go on", async (_what, there, why) => {
    writeFileSync(file, WHOLE);
    const store = await storeOf(there);
    await expect(restore(store)).rejects.toThrow(`not what the backup says: `);
    await expect(restore(store)).rejects.toThrow(why);
    expect(callsOf(store, "POST")).toEqual([]);
  });

  it("gets nothing from a file whose lines are not in order", async () => {
    for (const lines of [EVENTS.toSpliced(4, 1), EVENTS.toReversed(), [...EVENTS, "no event"]]) {
      const store = await storeOf([]);
      writeFileSync(file, linesOf(lines as object[]));
      await expect(restore(store)).rejects.toThrow(/line \d is not the event at position \d; nothing was imported/);
      expect(store.calls).toEqual([]);
    }
  });

  it("may have been recorded at another time, and lifted by newer code that still knows the earlier form", async () => {
    writeFileSync(file, WHOLE);
    const recordedAt = "2026-12-01T00:00:00.000Z";
    expect(await restore(await storeOf(withOther(2, { recordedAt })))).toContain("has all 8 events");
    const lifted = { recordedAt, schemaVersion: 2, data: { cents: 1999 } };
    expect(await restore(await storeOf(withOther(2, lifted)))).toContain("has all 8 events");
    const liar = await storeOf(withOther(2, lifted));
    liar.claims = 1;
    await expect(restore(liar)).rejects.toThrow("newer code has lifted");
    await expect(restore(await storeOf(withOther(2, { ...lifted, type: "Other" })))).rejects.toThrow("another event");
  });
});
