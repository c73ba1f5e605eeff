import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { aggregate, event, nothing, processManager, refuse, streamIdOf } from "../../../src/index.ts";
import { SNAPSHOT_EVERY } from "../../../src/streams/limits.ts";
import { INPUT } from "../../../src/definitions/processors/process-events.ts";
import { type AnyAggregate } from "../../../src/definitions/aggregate.ts";
import { revisionOf } from "../../../src/streams/snapshots.ts";
import { counter } from "../counter.ts";
import { freshStore, interceptLog, read } from "../support.ts";
import { changeLogged } from "../stored.ts";
import { errorLines, streamOf } from "./code.ts";
import { eventsIn, rewriteIn, storeIn } from "./stored.ts";
import { eventually } from "../eventually.ts";
import { expectErrors } from "../errors.ts";

afterEach(() => vi.restoreAllMocks());

describe("the state", () => {
  it("as of an earlier version is what it was then", async () => {
    const { post, json, get } = freshStore();
    for (const by of [1, 2, 3]) await post("/aggregates/counter/1/Count", { by });
    const totals = [];
    for (const version of [0, 1, 2, 3]) totals.push((await json(`/aggregates/counter/1?version=${version}`)).state.total);
    expect(totals).toEqual([0, 1, 3, 6]);
    const response = await get("/aggregates/counter/1?version=4");
    expect(response.status).toBe(404);
    expect(await read(response)).toMatchObject({ code: "unknown-version", version: 3 });
  });

  it("leaves out events of types that the code no longer knows, and the store's own events", async () => {
    const { post, json } = freshStore();
    const counted = { type: "Counted", data: { by: 2, total: 2 } };
    const lines = [counted, { type: "$Noted", data: {} }, counted].map((event) => JSON.stringify({ stream: "counter/1", ...event }));
    expect((await post("/import", lines.join("\n"), { "idempotency-key": "one" })).status).toBe(200);
    expect(await json("/aggregates/counter/1")).toMatchObject({ version: 3, state: { total: 4 } });
  });

  it("counts events that are imported after it was loaded", async () => {
    const { post, json } = freshStore();
    await post("/aggregates/counter/1/Count", { by: 1 });
    const line = JSON.stringify({ stream: "counter/1", type: "Counted", data: { by: 5, total: 6 } });
    expect((await post("/import", line, { "idempotency-key": "one" })).status).toBe(200);
    expect((await json("/aggregates/counter/1")).state).toEqual({ total: 6 });
    expect(await read(await post("/aggregates/counter/1/Count", { by: 1 }))).toMatchObject({ version: 3 });
    expect((await json("/aggregates/counter/1")).state).toEqual({ total: 7 });
  });

  it("is not sent again to a client that has it", async () => {
    const { post, get } = freshStore();
    await post("/aggregates/counter/1/Count", {});
    const etag = (await get("/aggregates/counter/1")).headers.get("etag") ?? "";
    for (const tag of [etag, `W/${etag}`, `"0", ${etag}`, "*"])
      expect((await get("/aggregates/counter/1", { "if-none-match": tag })).status).toBe(304);
    for (const tag of ['"0"', '"1"']) expect((await get("/aggregates/counter/1", { "if-none-match": tag })).status).toBe(200);
  });

  it("is sent again when a timer was moved or has gone, even without an event", async () => {
    const { post, get } = freshStore();
    const tags = [];
    for (const [command, data] of [
      ["Ask", { in: "30m" }],
      ["Ask", { in: "40m", event: false }],
      ["Ask", { in: "50m", event: false }],
    ] as const) {
      await post(`/aggregates/reminder/1/${command}`, data);
      const response = await get("/aggregates/reminder/1", { "if-none-match": tags.at(-1) ?? "" });
      expect([response.status, (await read(response)).version]).toEqual([200, 1]);
      tags.push(response.headers.get("etag") ?? "");
    }
    expect(new Set(tags).size).toBe(3);
  });
});

describe("a stream's tag", () => {
  it("covers what the code lifts events to, and their positions", async () => {
    const { store, post, get } = freshStore();
    await post("/aggregates/contract/1/Sign", { cents: 1, currency: "EUR" });
    await post("/aggregates/counter/1/Count", {});
    const tagOf = async (path: string) => (await get(path)).headers.get("etag");
    expect(await tagOf("/streams/counter/1")).toBe('"1"'); // nothing lifts these
    const lifted = (await tagOf("/streams/contract/1")) ?? "";
    expect(lifted).toMatch(/^"1-[\w-]+"$/);
    expect((await get("/streams/contract/1", { "if-none-match": lifted })).status).toBe(304);
    expect((await get("/streams/contract/1", { "if-none-match": '"1"' })).status).toBe(200);
    const complaints = (["warn", "error"] as const).map((level) => vi.spyOn(console, level).mockReturnValue());
    const late = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    await post("/aggregates/counter/2/Count", {}, { prefer: "wait=0" });
    const positionless = (await tagOf("/streams/counter/2?positions=true")) ?? "";
    expect(positionless).toMatch(/^"1-[\w-]+"$/);
    late.restore();
    await post("/aggregates/counter/2/DoNothing", {});
    await eventually(async () => expect(await tagOf("/streams/counter/2?positions=true")).toBe('"1"'));
    for (const complaint of complaints) complaint.mockRestore();
    expect((await get("/streams/counter/2?positions=true", { "if-none-match": positionless })).status).toBe(200);
    const lines = await get("/streams/counter/1?positions=true", { accept: "application/x-ndjson", "if-none-match": '"1"' });
    expect([lines.status, lines.headers.get("etag")]).toEqual([200, null]);
    await lines.body?.cancel();
  });
});

describe("a stream of 50,000 events", () => {
  it("answers its next command after an eviction without reading them all", async () => {
    const { store, post, get, stream } = freshStore();
    const stub = stream("counter", "1");
    await post("/aggregates/counter/1/Count", {});
    // Written behind the stream's back, and so is the snapshot of version 49,950: what matters is who reads them.
    await runInDurableObject(stub, (_instance, { storage }) => {
      storage.transactionSync(() => {
        const [first] = eventsIn(storage);
        const more = Array.from({ length: 49_999 }, (_, at) => [
          { ...first!, version: at + 2, id: `f0000000-0000-4000-8000-${String(at + 2).padStart(12, "0")}` },
        ]);
        storeIn(storage, ...more);
        storage.sql.exec(`CREATE TABLE snapshot (one INTEGER PRIMARY KEY, revision TEXT, version INTEGER, state TEXT)`);
        storage.sql.exec(`INSERT INTO snapshot VALUES (1, ?, 49950, '{"total":49950}')`, revisionOf(counter));
      });
    });
    await evictDurableObject(stub);
    // The log knows nothing of them and would ask for all: it is kept out of the count.
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    const rows = await countRows(stub, async () => {
      expect(await read(await post("/aggregates/counter/1/Count", {}))).toMatchObject({ version: 50_001 });
      expect(await read(await get("/aggregates/counter/1"))).toMatchObject({ state: { total: 50_001 } });
    });
    expect(rows).toBeLessThan(200);
    // Else its alarm would bring them all to the log while other tests run.
    await runInDurableObject(stub, (_instance, { storage }) => storage.deleteAll());
    restore();
  });

  it("reads them all when the snapshot has another revision: a state that other code has made is not used", async () => {
    const { post, json, stream } = freshStore();
    const stub = stream("counter", "1");
    for (let count = 0; count < 55; count++) await post("/aggregates/counter/1/CountTwice", {});
    await runInDurableObject(stub, (_instance, { storage }) => {
      storage.sql.exec(`UPDATE snapshot SET revision = 'another', state = '{"total":-1}'`);
    });
    await evictDurableObject(stub);
    expect((await json("/aggregates/counter/1")).state).toEqual({ total: 110 });
  });
});

/** Rows that an object reads while something happens. */
async function countRows(stub: DurableObjectStub, happens: () => Promise<unknown>): Promise<number> {
  const cursors: { readonly rowsRead: number }[] = [];
  await runInDurableObject(stub, (_instance, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql);
    const counted: typeof exec = (...args) => {
      const cursor = exec(...args);
      cursors.push(cursor);
      return cursor as never;
    };
    Object.defineProperty(sql, "exec", { value: counted });
  });
  await happens();
  return runInDurableObject(stub, () => {
    expect(cursors.length).toBeGreaterThan(0);
    return cursors.reduce((rows, cursor) => rows + cursor.rowsRead, 0);
  });
}

describe("an event type in its third version", () => {
  /** Contracts as the first two versions of the code stored them. */
  async function signedLongAgo() {
    const store = freshStore();
    await store.post("/aggregates/contract/1/Sign", { cents: 1, currency: "USD" });
    await runInDurableObject(store.stream("contract", "1") as DurableObjectStub, (_instance, { storage }) => {
      rewriteIn(storage, (events) => events.map((event) => ({ ...event, data: '{"amount":12.34}', schemaVersion: 1 })));
    });
    await changeLogged(store.logObject(), (event) => ({ ...event, data: '{"amount":12.34}', schemaVersion: 1 }));
    for (const stub of [store.stream("contract", "1"), store.logObject()]) await evictDurableObject(stub);
    await store.post("/aggregates/contract/1/Sign", { cents: 66, currency: "EUR" });
    return store;
  }

  it("is stored as the newest version", async () => {
    const { post, json } = freshStore();
    await post("/aggregates/contract/1/Sign", { cents: 5, currency: "USD" });
    expect((await json("/streams/contract/1")).events[0]).toMatchObject({ data: { cents: 5, currency: "USD" }, schemaVersion: 3 });
  });

  it("is lifted, step by step, for the aggregate, for readers of stream and log, and for views", async () => {
    const { json } = await signedLongAgo();
    expect((await json("/aggregates/contract/1")).state).toEqual({ cents: 1_300, currency: "EUR" });
    const lifted = { data: { cents: 1_234, currency: "EUR" }, schemaVersion: 3 };
    expect((await json("/streams/contract/1")).events[0]).toMatchObject(lifted);
    expect((await json("/log")).events[0]).toMatchObject(lifted);
    expect(await json("/views/contracts/1?minPosition=2")).toMatchObject({ cents: 1_300 });
  });

  it("of a version that only newer code knows is not folded: a 503 names the event, and nothing is stored", async () => {
    expectErrors(/a command was not carried out: it needs another version of the code/);
    const { post, json, get, stream } = await signedLongAgo();
    await runInDurableObject(stream("contract", "1") as DurableObjectStub, (_instance, { storage }) => {
      rewriteIn(storage, (events) => events.map((event) => (event.version === 2 ? { ...event, schemaVersion: 4 } : event)));
    });
    await evictDurableObject(stream("contract", "1"));
    const command = await post("/aggregates/contract/1/Sign", { cents: 1, currency: "EUR" }, { prefer: "respond-async" });
    const dryRun = await post("/aggregates/contract/1/Sign?dryRun=true", { cents: 1, currency: "EUR" });
    const state = await get("/aggregates/contract/1");
    for (const answer of [command, dryRun, state]) {
      expect(answer.status).toBe(503);
      const { code, detail } = await read(answer);
      expect(code).toBe("state-unavailable");
      expect(detail).toContain("event 2, a Signed, has schemaVersion 4, and this deployment's code knows 3 at most");
    }
    expect(await json("/aggregates/contract/1?version=1")).toMatchObject({ version: 1, state: { cents: 1_234 } });
    expect(await json("/streams/contract/1")).toMatchObject({ version: 2 });
  });

  it("stays unchanged in storage", async () => {
    const { json, stream } = await signedLongAgo();
    await json("/streams/contract/1");
    const [stored] = await runInDurableObject(stream("contract", "1"), (_instance, { storage }) => eventsIn(storage));
    expect(stored).toMatchObject({ data: '{"amount":12.34}', schemaVersion: 1 });
  });
});

/** Whose handlers change the state in place, as a cast (or JavaScript) lets them. */
const till = aggregate("till", {
  events: { In: z.object({ n: z.int() }), Bad: z.object({}) },
  commands: { Put: z.object({ n: z.int() }), Take: z.object({ n: z.int() }), Look: z.object({}), PutBadly: z.object({}) },
  initialState: () => ({ balance: { euros: 0 } }),
  evolve: {
    In: ({ balance }, { n }) => ({ balance: { euros: balance.euros + n } }),
    Bad: (state) => {
      writable(state).balance.euros = 1_000;
      return state;
    },
  },
  decide: {
    Put: (_state, { n }) => event("In", { n }),
    Take: (state, { n }) => {
      writable(state).balance.euros -= n;
      return refuse("not-enough");
    },
    Look: (state) => {
      writable(state).balance = { euros: -1 };
      return nothing();
    },
    PutBadly: () => [event("In", { n: 5 }), event("Bad", {})],
  },
});

function writable({ balance }: { readonly balance: { readonly euros: number } }): { balance: { euros: number } } {
  // The same object, past its type.
  return {
    get balance() {
      return balance as { euros: number };
    },
    set balance(other) {
      Object.assign(balance, other);
    },
  };
}

describe("a handler that changes the state in place", () => {
  it.each(["Take", "Look", "PutBadly"])(
    "makes its command fail %s, and its change is neither in memory nor in storage",
    async (command) => {
      errorLines();
      const { as, events } = streamOf("till");
      await as(till, async ({ send, state }) => {
        await send("Put", { n: 10 });
        expect(await send(command, { n: 15 })).toMatchObject({ outcome: "failed" });
        expect(await state()).toEqual({ balance: { euros: 10 } });
        // Up to a snapshot, which would make it last.
        for (let n = 1; n < SNAPSHOT_EVERY; n += 33) await send("Put", { n: 33 });
        expect(await state()).toEqual({ balance: { euros: 10 + 99 } });
      });
      expect(await as(till, ({ state }) => state())).toEqual({ balance: { euros: 10 + 99 } });
      expect((await events()).filter(({ type }) => type === "Bad")).toEqual([]);
    },
  );

  it("leaves nothing behind even in an object that cannot be frozen", async () => {
    const open = {
      ...till,
      initialState: () => ({ guests: new Map([["a", 1]]) }),
      evolve: {},
      decide: {
        Put: () => event("In", { n: 1 }),
        Take: ({ guests }: { guests: Map<string, number> }) => {
          guests.delete("a");
          return refuse("no");
        },
        PutBadly: ({ guests }: { guests: Map<string, number> }) => {
          guests.set("b", 2);
          throw new Error("no");
        },
        Look: ({ guests }: { guests: Map<string, number> }) => refuse("seen", { guests: [...guests.keys()] }),
      },
    } as unknown as AnyAggregate;
    errorLines();
    await streamOf("till").as(open, async ({ send }) => {
      await send("Put", { n: 1 });
      expect(await send("Take", { n: 1 })).toMatchObject({ outcome: "refused" });
      expect(await send("PutBadly")).toMatchObject({ outcome: "failed" });
      expect(await send("Look")).toMatchObject({ outcome: "refused", details: `{"guests":["a"]}` });
    });
  });

  it("is detected in a process manager too", async () => {
    const source = aggregate("source", {
      events: { Came: z.object({}) },
      commands: {},
      initialState: () => ({}),
      evolve: { Came: (state) => state },
      decide: {},
    });
    const manager = processManager("till", {
      from: source,
      to: source,
      correlate: { Came: ({ stream }) => streamIdOf(stream) },
      events: { In: z.object({}) },
      initialState: () => ({ balance: { euros: 0 } }),
      evolve: { In: (state) => state },
      on: {
        Came: (state) => {
          writable(state).balance.euros = 7;
          return event("In", {});
        },
      },
    });
    errorLines();
    const { as } = streamOf("till");
    await as(manager as unknown as AnyAggregate, async ({ send, state }) => {
      expect(await send(INPUT, { event: { type: "Came" } })).toMatchObject({ outcome: "failed" });
      expect(await state()).toMatchObject({ own: { balance: { euros: 0 } } });
    });
  });
});

it("a state's member that is undefined is absent, before a restart and after it", async () => {
  const seats = {
    ...till,
    initialState: () => ({ taken: { a: 1, b: 1 } }),
    evolve: { In: ({ taken }: { taken: object }) => ({ taken: { ...taken, a: undefined } }) },
    decide: { ...till.decide, Look: ({ taken }: { taken: object }) => refuse("seen", { seats: Object.keys(taken) }) },
  } as unknown as AnyAggregate;
  const { as } = streamOf("till");
  for (let restart = 0; restart < 2; restart++) {
    await as(seats, async ({ send }) => {
      await send("Put", { n: 1 });
      expect(await send("Look")).toMatchObject({ details: `{"seats":["b"]}` });
    });
  }
});

describe("a state far behind its events", () => {
  const EVENTS = 3_000;
  let folded = 0;
  let foldedWhenDecided: number[] = [];
  const tally = aggregate("tally", {
    events: { In: z.object({ n: z.int() }) },
    commands: { Put: z.object({ n: z.int() }), Fill: z.object({}) },
    initialState: () => ({ sum: 0 }),
    evolve: { In: ({ sum }, { n }) => (folded++, { sum: sum + n }) },
    decide: {
      Put: (_state, { n }) => (foldedWhenDecided.push(folded), event("In", { n })),
      Fill: () => Array.from({ length: 1_000 }, () => event("In", { n: 1 })),
    },
  });
  const event0 = { type: "In", data: `{"n":1}`, meta: "{}", schemaVersion: 1 };
  const events = Array.from({ length: EVENTS }, () => ({ ...event0, id: crypto.randomUUID() }));
  const imported = async () => {
    const stream = streamOf("tally");
    await stream.as(tally, ({ object }) => object.holdImport({ events }));
    folded = 0;
    foldedWhenDecided = [];
    return stream;
  };

  it("gets a snapshot after an import: the first command folds next to nothing", async () => {
    const { as, rows } = await imported();
    expect(await rows("SELECT version, state FROM snapshot")).toEqual([{ version: EVENTS, state: `{"sum":${EVENTS}}` }]);
    expect(await as(tally, ({ send }) => send("Put", { n: 1 }))).toMatchObject({ version: EVENTS + 1 });
    expect(folded).toBe(1);
  });

  it("includes what was imported even if it was in memory before the import", async () => {
    await streamOf("tally").as(tally, async ({ send, state, object }) => {
      await send("Put", { n: 7 });
      await object.holdImport({ events: events.slice(0, 10) });
      expect(await state()).toEqual({ sum: 17 });
    });
  });

  it("is folded in pieces at an activation without a snapshot: other requests get their turn, and commands run in the order of their arrival", async () => {
    const { as, rows } = await imported();
    await rows("DROP TABLE snapshot");
    await as(tally, async ({ send, object }) => {
      const arrived = [1, 2, 3].map((n) => send("Put", { n }));
      const turn = new Promise<number>((resolve) => setTimeout(() => resolve(folded), 0));
      expect(await turn).toBeLessThan(EVENTS);
      // One that comes when little is left to fold does not overtake those that wait.
      await eventually(() => expect(folded).toBeGreaterThanOrEqual(EVENTS - 500));
      const late = send("Put", { n: 4 });
      await Promise.all([...arrived, late]);
      expect(
        (await object.read({ from: EVENTS + 1, to: EVENTS + 9, limit: 9, direction: "forward" })).events.map(({ data }) => data),
      ).toEqual([1, 2, 3, 4].map((n) => `{"n":${n}}`));
      expect(foldedWhenDecided[0]).toBe(EVENTS);
    });
    // The next activation has it easier.
    expect(await rows("SELECT version FROM snapshot")).toEqual([{ version: EVENTS }]);
  });

  it("as of an earlier version is folded in pieces, however many clients ask: a command does not wait for them", async () => {
    const { as } = await imported();
    await as(tally, async ({ send, state }) => {
      const reads = [2_900, 2_800, 2_700, 2_900, 1_000, 2_999].map((version) => state(version));
      await send("Put", { n: 1 });
      // Read one after the other, they fold 8,700 events at least.
      expect(foldedWhenDecided[0]).toBeLessThan(1_500);
      expect(await Promise.all(reads)).toEqual([2_900, 2_800, 2_700, 2_900, 1_000, 2_999].map((sum) => ({ sum })));
    });
  });

  it("as of an earlier version is folded from the nearest one that is known", async () => {
    const { as } = await imported();
    await as(tally, async ({ send, state }) => {
      await send("Put", { n: 1 });
      await send("Put", { n: 1 });
      folded = 0;
      expect(await state(EVENTS + 1)).toEqual({ sum: EVENTS + 1 }); // from the snapshot
      expect(folded).toBe(1);
      await state(1_000);
      folded = 0;
      expect(await state(1_003)).toEqual({ sum: 1_003 }); // from the one before
      expect(folded).toBe(3);
    });
  });

  it("leaves no snapshot of a stream that is erased while it is folded", async () => {
    const { as, rows } = await imported();
    await rows("DROP TABLE snapshot");
    await as(tally, async ({ send, state, object }) => {
      const pending = [send("Put", { n: 1 }), state(2_000)];
      await new Promise((resolve) => setTimeout(resolve, 0));
      expect(folded).toBeGreaterThan(0);
      expect(await object.remove({ erase: true, expected: { kind: "any" } })).toMatchObject({ outcome: "written" });
      expect((await Promise.all(pending))[0]).toMatchObject({ outcome: "deleted" });
      expect(await object.state()).toMatchObject({ deleted: true, state: "null" });
      expect(await object.state(1)).toMatchObject({ deleted: true, state: "null" });
    });
    expect(await rows("SELECT name FROM sqlite_master WHERE name = 'snapshot'")).toEqual([]);
  });
});
