/** What is true of every kind of consumer: the same sentences, for each in the list of kinds. A new kind needs its bench here. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { readingOf } from "../../../src/consumers/report.ts";
import type { KindName } from "../../../src/definitions/consumers.ts";
import { defineApp, reactor, view } from "../../../src/index.ts";
import { Definitions } from "../../../src/store/definitions.ts";
import { introductionOf } from "../../../src/store/introduce.ts";
import { KINDS, STATE_TABLES, kindOf } from "../../../src/operations/kinds.ts";
import { alarm, reading } from "../app.ts";
import { eventually, quietStore } from "./support.ts";
import { read as bodyOf, storeNamed } from "../support.ts";
import { endpointAt } from "../webhooks/support.ts";
import { allowErrors } from "../errors.ts";

beforeEach(() => {
  isMended = false;
  allowErrors(/a consumer has failed and stopped/);
  vi.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

const POISON = -1;
let isMended = false;
/** Values that consumers are done with, by stream. */
const handled = new Map<string, number[]>();

function handle(stream: string, value: number): void {
  if (value === POISON && !isMended) throw new Error("poisoned");
  handled.set(stream, [...(handled.get(stream) ?? []), value]);
}

const retry = { attempts: 1 };
const seen = view("seen", {
  from: reading,
  row: z.object({ stream: z.string() }),
  key: "stream",
  retry,
  on: {
    Read: {
      at: ({ stream }) => stream,
      fold: (_row, { stream, data }) => {
        handle(stream, data.value);
        return { stream };
      },
    },
  },
});
const answering = (name: string, start: "beginning" | "head") =>
  reactor(name, {
    from: reading,
    emits: alarm,
    retry,
    start,
    on: {
      Read: ({ stream, data }) => {
        handle(stream, data.value);
        return [];
      },
    },
  });
const app = defineApp({
  categories: [reading, alarm],
  views: [seen],
  processors: [answering("answering", "beginning"), answering("late", "head")],
});

const definitions = new Definitions(app, "kinds", () => storeNamed("kinds"));

type QuietStore = ReturnType<typeof quietStore>;

interface Bench {
  /** Makes a consumer that begins with the next event, or with the first where the kind cannot do otherwise; answers with its name. */
  readonly begin: (store: QuietStore) => Promise<string>;
  /** One that begins with the first event. */
  readonly fromFirst: (store: QuietStore) => Promise<string>;
  /** Whether one that begins late has the earlier events. */
  readonly hasEarlier: boolean;
  /** Whether it may be reset to any position. */
  readonly resetsAnywhere: boolean;
  /** A name that nobody has. */
  readonly nobody: string;
}

async function subscribe({ store, post }: QuietStore): Promise<string> {
  const url = `http://${store}.test/`;
  endpointAt(url).answer = ({ stream, body }) => {
    try {
      handle(stream, JSON.parse(body).data.data.value);
      return new Response(null, { status: 204 });
    } catch {
      return new Response(null, { status: 500 });
    }
  };
  return (await bodyOf(await post("/webhooks", { url, types: ["Read"] }))).id;
}

const BENCHES: Record<KindName, Bench> = {
  view: {
    begin: async () => "seen",
    fromFirst: async () => "seen",
    hasEarlier: true,
    resetsAnywhere: false,
    nobody: "nobody",
  },
  processor: {
    begin: async ({ logClient }) => {
      await logClient().introduce(introductionOf(app, {}));
      return "late";
    },
    fromFirst: async () => "answering",
    hasEarlier: false,
    resetsAnywhere: true,
    nobody: "nobody",
  },
  webhook: {
    begin: subscribe,
    fromFirst: subscribe,
    hasEarlier: false,
    resetsAnywhere: true,
    nobody: "wh_nobody",
  },
};

describe.each(KINDS.map((kind) => [kind.name, kind] as const))("a consumer that is a %s", (kindName, kind) => {
  const bench = BENCHES[kindName];

  async function started(begin: Bench["begin"] = bench.fromFirst, ...earlier: number[]) {
    const quiet = quietStore(`kinds-${kindName}`);
    const stream = `reading/${quiet.store}`;
    const append = async (...values: number[]) => {
      for (const value of values) await quiet.read(quiet.store, value);
    };
    await append(...earlier);
    const store = storeNamed(quiet.store, app);
    const name = await begin(quiet);
    return {
      store,
      name,
      append,
      wake: () => kind.wake(store, name, Date.now() + 60_000),
      control: (action: Parameters<typeof kind.control>[2], position?: number) => kind.control(store, name, action, position),
      report: async () => (await kind.report(store, name, readingOf(store.name, await store.log.head(), STATE_TABLES)))?.report,
      /** A webhook's deliveries end after its wake-up. */
      hasHandled: (...values: number[]) => eventually(() => expect(handled.get(stream) ?? []).toEqual(values)),
      handledNow: () => handled.get(stream) ?? [],
    };
  }

  it("is found by its name", async () => {
    const { name } = await started();
    expect(await kindOf({ definitions }, name)).toBe(kind);
    expect(KINDS.filter((one) => one.has(app, name))).toEqual([kind]);
  });

  it("handles every event when it is woken, and reports that", async () => {
    const { name, append, wake, report, hasHandled } = await started();
    await append(1, 2);
    expect(await report()).toMatchObject({ name, kind: kindName, status: "catching-up", position: 0, head: 2, lag: 2, processed: 0 });
    const woken = await wake();
    expect(woken).toMatchObject({ position: 2 });
    expect(woken).not.toHaveProperty("againInMs");
    expect([woken?.resting ?? false, woken?.working ?? false]).toEqual([false, false]);
    await hasHandled(1, 2);
    await eventually(async () => expect(await report()).toMatchObject({ status: "live", position: 2, lag: 0, attempts: 0, processed: 2 }));
  });

  it("handles nothing while it is paused, and goes on when it is resumed", async () => {
    const { name, store, append, wake, control, report, hasHandled, handledNow } = await started();
    await append(1);
    await wake();
    await hasHandled(1);
    expect(await control("pause")).toEqual({ outcome: "done" });
    await append(2);
    expect(await wake()).toMatchObject({ resting: true });
    expect(await report()).toMatchObject({ status: "paused" });
    expect(handledNow()).toEqual([1]);
    const head = await store.log.head();
    expect(await kind.count(store, name, "resume")).toMatchObject({ consumer: name, from: 1, events: 1, position: head, to: head });
    expect(await report()).toMatchObject({ status: "paused" });
    expect(await control("resume")).toEqual({ outcome: "done" });
    await wake();
    await hasHandled(1, 2);
  });

  it("stops at an event that fails, reports which one, and tries it again when an operator asks for that", async () => {
    const { name, store, append, wake, control, report, hasHandled, handledNow } = await started();
    await append(1, POISON, 2);
    expect(await kind.count(store, name, "retry")).toMatchObject(
      kindName === "webhook" ? { events: 3, deliveries: 0 } : { outcome: "not-possible" },
    );
    await wake();
    await hasHandled(1);
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 1, failures: 1, lastError: { event: { position: 2 } } }));
    // The event that failed, and the one that waits behind it: a webhook has them already.
    const counted = kindName === "webhook" ? { from: 3, events: 0, deliveries: 2 } : { from: 1, events: 2 };
    expect(await kind.count(store, name, "retry")).toEqual({ consumer: name, position: 3, to: 3, ...counted });
    expect([await report(), handledNow()]).toMatchObject([{ attempts: 1 }, [1]]);
    isMended = true;
    expect(await control("retry")).toEqual({ outcome: "done" });
    await wake();
    await hasHandled(1, POISON, 2);
    await eventually(async () => expect(await report()).toMatchObject({ status: "live", attempts: 0 }));
  });

  it("skips the event that failed, and no other, when an operator asks for that", async () => {
    const { name, store, append, wake, control, report, hasHandled } = await started();
    await append(1, POISON, 2);
    expect(await control("skip")).toMatchObject({ outcome: "not-possible" });
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 1 }));
    expect(await kind.count(store, name, "skip", 3)).toMatchObject({ outcome: "not-possible" });
    const skips = { position: 2, stream: expect.any(String), version: 2, type: "Read" };
    expect(await kind.count(store, name, "skip")).toMatchObject(kindName === "webhook" ? { deliveries: 1 } : { from: 2, events: 1, skips });
    expect(await control("skip", 3)).toMatchObject({ outcome: "not-possible" });
    expect(await control("skip", 2)).toEqual({ outcome: "done" });
    await wake();
    await hasHandled(1, 2);
    expect((await kind.skipped?.(store, name))?.map(({ event }) => event?.position) ?? [2]).toEqual([2]);
  });

  it("begins again when it is reset, with as many events as counted before", async () => {
    const { name, store, append, wake, control, hasHandled, handledNow } = await started();
    await append(1, 2);
    await wake();
    await hasHandled(1, 2);
    const head = await store.log.head();
    expect(await kind.count(store, name, "reset", 0)).toEqual({ consumer: name, from: 0, events: 2, position: head, to: head });
    expect(handledNow()).toEqual([1, 2]);
    expect(await control("reset")).toMatchObject({ outcome: "done" });
    await wake();
    await hasHandled(1, 2, 1, 2);
  });

  it("begins again after a position, or reports that it cannot", async () => {
    const { name, store, append, wake, control, hasHandled } = await started();
    await append(1, 2);
    await wake();
    await hasHandled(1, 2);
    const outcome = { outcome: bench.resetsAnywhere ? "done" : "not-possible" };
    const counted = bench.resetsAnywhere ? { from: 1, events: 1 } : outcome;
    expect(await kind.count(store, name, "reset", 1)).toMatchObject(counted);
    expect(await control("reset", 1)).toMatchObject(outcome);
    await wake();
    await hasHandled(...(bench.resetsAnywhere ? [1, 2, 2] : [1, 2]));
  });

  it("begins at the head where its definition asks for that, and otherwise with the first event", async () => {
    const { append, wake, report, hasHandled } = await started(bench.begin, 1);
    await append(2);
    await wake();
    expect(await report()).toMatchObject({ position: 2 });
    await hasHandled(...(bench.hasEarlier ? [1, 2] : [2]));
  });

  it("is not found under an unknown name, and not woken under it again", async () => {
    const { store } = await started();
    const { nobody } = bench;
    const woken = await kind.wake(store, nobody, Date.now());
    expect(woken ?? { resting: true }).toMatchObject({ resting: true });
    expect(await kind.control(store, nobody, "pause")).toBeUndefined();
    expect(await kind.count(store, nobody, "reset", 0)).toBeUndefined();
    expect((await kind.skipped?.(store, nobody)) ?? []).toEqual([]);
  });
});

describe("the list of kinds", () => {
  it("has every kind that a report may name, and each has its checkpoint in D1 or keeps it itself", async () => {
    expect(KINDS.map(({ name }) => name).toSorted()).toEqual(Object.keys(BENCHES).toSorted());
    for (const kind of KINDS) expect(kind.standings === undefined).toBe(kind.keepsOwnPlace);
    const standings = (await Promise.all(KINDS.map(async (kind) => (await kind.standings?.(definitions, [])) ?? []))).flat();
    expect(standings.map(({ consumer }) => consumer)).toEqual(["answering", "late", "seen"]);
    expect(await kindOf({ definitions }, "nobody")).toBeUndefined();
  });
});
