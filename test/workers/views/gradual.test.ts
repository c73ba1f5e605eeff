/** Versions of the code with different definitions of a view, side by side: gradual deployments, and rollbacks. */

import { Store } from "../../../src/store/store.ts";
import { NO_APP, envWith, interceptLogMethod, storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { prepare } from "../../../src/consumers/schema.ts";
import { reportConsumers } from "../../../src/operations/report.ts";
import { view } from "../../../src/index.ts";
import { VIEW_GRACE_MS, VIEW_NUDGE_MS, VIEW_ROLLBACK_MS, VIEW_ROLLOUT_MS } from "../../../src/views/limits.ts";
import { generationsOf, rebuildIfErased, requestRebuild } from "../../../src/views/generations.ts";
import { project } from "../../../src/views/project.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { queryView } from "../../../src/views/query.ts";
import { dropRetired } from "../../../src/views/retire.ts";
import { readServing } from "../../../src/views/serving.ts";
import { tableOf } from "../../../src/rows/table.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import { app, reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";

const MINUTE_MS = 60_000;

/** The clock goes on by itself, and by what a test adds. */
let passed = 0;
const pass = (milliseconds: number) => void (passed += milliseconds);
beforeEach(() => {
  const real = Date.now;
  passed = 0;
  vi.spyOn(Date, "now").mockImplementation(() => real() + passed);
  vi.spyOn(console, "info").mockReturnValue();
  vi.spyOn(console, "log").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

/** When the first version was uploaded, in these tests. */
const FIRST = Date.UTC(2026, 10, 26, 10);

let names = 0;

/** The environment of a version that was uploaded so many minutes after the first; undefined: without metadata. */
function deployed(minute: number | undefined, id = `version-${minute}`): Env {
  const value = minute === undefined ? undefined : { id, tag: "", timestamp: new Date(FIRST + minute * MINUTE_MS).toISOString() };
  return envWith({ CF_VERSION_METADATA: value });
}

/** A version of the code: it counts in steps of its own. */
interface Version {
  readonly run: () => ReturnType<typeof project>;
  /** The count of the row, and whether it is said to be of an earlier definition. */
  readonly answer: () => Promise<string>;
  readonly env: Env;
  readonly view: View;
}

/** A store with a view, and versions of its code. */
function rollout() {
  const quiet = quietStore("gradual");
  const name = `gradual-${++names}`;
  const version = (step: number, on: Env): Version => {
    const one = view(name, {
      from: reading,
      row: z.object({ id: z.string(), count: z.int() }),
      key: "id",
      revision: step,
      on: { Read: { at: () => "all", fold: (row) => ({ id: "all", count: (row?.count ?? 0) + step }) } },
    });
    return {
      view: one,
      env: on,
      run: () => project(new Store(on, quiet.store, NO_APP), one, Number.POSITIVE_INFINITY),
      async answer() {
        const { results, stale } = await readServing(new Store(on, quiet.store, NO_APP), one, (table, db) =>
          table.select(db, quiet.store, ["all"]),
        );
        return `${results[0]?.count}${stale ? " stale" : ""}`;
      },
    };
  };
  const recorded = () =>
    env.VIEWS.prepare(`SELECT serving, deployment FROM headspring_views WHERE store = ? AND view = ?`)
      .bind(quiet.store, name)
      .first<{ serving: string; deployment: string | null }>();
  /** Of which version the table on record is. */
  const owner = async (...versions: readonly Version[]) => {
    const { serving } = (await recorded()) ?? {};
    return versions.findIndex(({ view: one }) => serving?.split("_")[0] === tableOf(one).generation);
  };
  return { ...quiet, name, version, recorded, owner, event: () => quiet.read("s", 1) };
}

describe("two versions of a view, side by side for an hour", () => {
  const METADATA = {
    "both with metadata": [0, 1],
    "neither with metadata": [undefined, undefined],
    "the older without": [undefined, 1_000_000],
    "the newer without": [0, undefined],
    "of the same version's id, as in tests": [5, 5],
  } as const;

  it.each(Object.entries(METADATA))("never flip: %s", async (_what, [oldMinute, newMinute]) => {
    const { version, owner, event } = rollout();
    const [old, now] = [version(1, deployed(oldMinute)), version(10, deployed(newMinute))];
    await event();
    await old.run();
    pass(2_000);
    let events = 1;
    await now.run();
    const owners: number[] = [];
    // Each minute an event, and a wake-up that one of them gets, in an order without a pattern; both are asked.
    const turns = [0, 1, 0, 0, 1, 1, 0, 1, 0, 0];
    for (const turn of turns) {
      pass(6 * MINUTE_MS);
      await event();
      events += 1;
      await [old, now][turn]?.run();
      if (turn === 1) expect(await now.answer()).toBe(`${events * 10}`);
      expect(await old.answer()).toBe(`${events}`);
      owners.push(await owner(old, now));
    }
    expect(new Set(owners)).toEqual(new Set([1]));
    await now.run();
    expect(await now.answer()).toBe(`${events * 10}`);
  });

  it("each answer by their own definition when all wake-ups go to the newer one", async () => {
    const { version, event } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    for (let events = 2; events < 8; events++) {
      pass(MINUTE_MS);
      await event();
      await now.run();
      expect([await old.answer(), await now.answer()]).toEqual([`${events}`, `${events * 10}`]);
    }
  });

  it("answer by their own definition even while their tables are behind", async () => {
    const { version, event } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    const answers: string[] = [];
    for (let events = 2; events < 5; events++) {
      await event();
      await now.run();
      answers.push(await old.answer());
    }
    expect(answers).toEqual(["2", "2", "2"]); // a query brings the table forward, at most every ten seconds
    pass(VIEW_NUDGE_MS);
    expect(await old.answer()).toBe("4");
  });

  it("answer from their tables as they are if these cannot be brought forward now", async () => {
    const { store, version, event } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    await event();
    await now.run();
    const out = interceptLogMethod(store, "read", () => () => Promise.reject(new Error("Network connection lost.")));
    expect(await old.answer()).toBe("1");
    out.mockRestore();
    pass(VIEW_NUDGE_MS);
    expect(await old.answer()).toBe("2");
  });

  it("read your own writes at whichever version a query reaches", async () => {
    const { store, version, event } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    await event();
    const wanted = { position: 2, deadline: Date.now() + 5_000 };
    for (const [{ env: on, view: one }, count] of [
      [old, 2],
      [now, 20],
      [old, 2],
    ] as const)
      expect(await queryView(new Store(on, store, NO_APP), one, { conditions: [], limit: 1 }, wanted)).toMatchObject({
        rows: [{ count }],
        stale: false,
        position: 2,
      });
  });

  it("have the newer one woken, when the older one has handled a wake-up, for a minute and no longer", async () => {
    const { version, event } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    await event();
    // Acknowledged is what both have.
    expect(await old.run()).toMatchObject({ position: 2, building: 1, outcome: "backing-off" });
    pass(VIEW_ROLLOUT_MS / 2);
    expect(await old.run()).toMatchObject({ building: 1, outcome: "backing-off" });
    pass(VIEW_ROLLOUT_MS);
    expect(await old.run()).toMatchObject({ position: 2, outcome: "caught-up" });
    await now.run();
    expect(await old.run()).toEqual({ position: 2, outcome: "caught-up" });
    await event();
    expect(await old.run()).toMatchObject({ position: 3, building: 2, outcome: "backing-off" });
  });

  it("keep the older one's table as long as it is used, and drop it afterwards", async () => {
    const { store, version, event } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    const appNow = { ...app, views: new Map([[now.view.name, now.view]]) };
    const kept = () =>
      env.VIEWS.prepare(`SELECT COUNT(*) AS n FROM headspring_checkpoints WHERE store = ? AND generation = ?`)
        .bind(store, tableOf(old.view).generation)
        .first<number>("n");
    await event();
    await old.run();
    await now.run();
    for (let half = 0; half < 4; half++) {
      pass(VIEW_GRACE_MS / 2);
      await event();
      await now.run();
      await dropRetired(appNow, now.env);
      expect(await old.answer()).toBe(`${half + 2}`);
    }
    pass(VIEW_GRACE_MS + 1);
    await dropRetired(appNow, now.env);
    expect(await kept()).toBe(0);
    // A straggler of the older one is answered by the newer one's table.
    expect(await old.answer()).toBe("50 stale");
  });
});

describe("a deployment that is taken back", () => {
  it("answers from the old table at once, brought to the head, and nothing is lost", async () => {
    const { version, event, owner } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    // For half an hour there is only the newer one.
    for (let events = 0; events < 3; events++) {
      pass(10 * MINUTE_MS);
      await event();
      await now.run();
    }
    expect(await old.answer()).toBe("4");
    await event();
    await old.run();
    expect(await old.answer()).toBe("5");
    expect(await owner(old, now)).toBe(1);
  });

  it("has its table rebuilt if it was dropped, and answers from the other until then", async () => {
    const { version, event } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    const appNow = { ...app, views: new Map([[now.view.name, now.view]]) };
    await event();
    await old.run();
    await now.run();
    pass(VIEW_GRACE_MS + 1);
    await dropRetired(appNow, now.env);
    expect(await old.answer()).toBe("10 stale");
    await old.run();
    expect(await old.answer()).toBe("1");
  });

  it("owns the view again after an hour without the newer one, and the newer one does when it comes back", async () => {
    const { version, event, owner, recorded } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    pass(VIEW_ROLLBACK_MS * 24); // nothing happens for a day: no sign of either
    await event();
    await old.run();
    expect(await owner(old, now)).toBe(1);
    pass(VIEW_ROLLBACK_MS - MINUTE_MS);
    await old.run();
    expect(await owner(old, now)).toBe(1);
    pass(2 * MINUTE_MS);
    await old.run();
    expect(await recorded()).toEqual({ serving: tableOf(old.view).generation, deployment: "version-0" });
    // A version that comes later and has no table yet is answered by what the rollback has put on record.
    await event();
    await old.run();
    const later = version(100, deployed(2));
    expect(await later.answer()).toBe("3 stale");
    expect(await now.answer()).not.toBe("10");
    await now.run();
    expect(await owner(old, now)).toBe(1);
    expect(await now.answer()).toBe("30");
  });

  it("owns it as soon as an operator has its table rebuilt, if the newer one has stopped", async () => {
    const { store, version, event, owner } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    await event();
    await old.run();
    pass(VIEW_ROLLOUT_MS + 1);
    await requestRebuild(new Store(old.env, store, NO_APP), old.view);
    expect(await owner(old, now)).toBe(0);
    expect(await old.answer()).toBe("2");
    await old.run();
    expect(await old.answer()).toBe("2");
    expect((await generationsOf(new Store(old.env, store, NO_APP), old.view)).serving.generation).toBe(`${tableOf(old.view).generation}_1`);
  });
});

describe("an operator's rebuild while two versions are side by side", () => {
  it("rebuilds the table of each, and leaves the newer one on record", async () => {
    const { store, version, event, owner } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    await old.run();
    await requestRebuild(new Store(old.env, store, NO_APP), old.view);
    await requestRebuild(new Store(old.env, store, NO_APP), old.view); // one is under way
    for (const one of [now, old]) await one.run();
    expect([await old.answer(), await now.answer()]).toEqual(["1", "10"]);
    expect(await owner(old, now)).toBe(1);
    for (const { env: on, view: one } of [old, now])
      expect((await generationsOf(new Store(on, store, NO_APP), one)).serving.generation).toBe(`${tableOf(one).generation}_1`);
  });

  it("is one rebuild, also if the older one has made its part when it is asked for again", async () => {
    const { store, version, event } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    for (const one of [old, now, old]) await one.run();
    for (let times = 0; times < 3; times++) {
      await requestRebuild(new Store(old.env, store, NO_APP), old.view);
      await old.run();
    }
    await now.run();
    for (const { env: on, view: one } of [old, now])
      expect((await generationsOf(new Store(on, store, NO_APP), one)).serving.generation).toBe(`${tableOf(one).generation}_1`);
  });
});

describe("an erasure while two versions are side by side", () => {
  it("leaves nothing in the first table of an older one that had read it and was not on record yet", async () => {
    const { store, version, read, removed, owner } = erasing();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await read("kept", 1);
    await read("gone", 1);
    await now.run();
    // A worker of the older one has read both when it dies.
    const olds = new Store(old.env, store, NO_APP);
    const { wanted } = await generationsOf(olds, old.view);
    await catchUp(viewConsumer(olds, old.view, wanted), storeNamed(store).log, Number.POSITIVE_INFINITY);
    await removed("gone");
    await old.run();
    expect(await old.answer()).toBe("1");
    expect(await owner(old, now)).toBe(1);
  });

  it.each([
    ["met by the newer one first", [1, 0, 1, 0, 1]],
    ["met by the older one first", [0, 1, 0, 1, 0]],
  ])("leaves nothing of what was erased in the table of either: %s", async (_order, turns) => {
    const { version, read, removed, owner } = erasing();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await read("kept", 1);
    await read("gone", 1);
    await old.run();
    await now.run();
    await old.run();
    await removed("gone");
    for (const turn of turns) await [old, now][turn]?.run();
    expect([await old.answer(), await now.answer()]).toEqual(["1", "10"]);
    expect(await owner(old, now)).toBe(1);
  });

  it("also reaches an older table that comes back, even if the newer one was begun after the erasure", async () => {
    const { store, version, read, removed } = erasing();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await read("kept", 1);
    await read("gone", 1);
    await old.run();
    await removed("gone");
    // The older one has met the erasure, and the newer one takes over before it could be rebuilt.
    const { wanted } = await generationsOf(new Store(old.env, store, NO_APP), old.view);
    await catchUp(viewConsumer(new Store(old.env, store, NO_APP), old.view, wanted), storeNamed(store).log, Number.POSITIVE_INFINITY);
    await now.run();
    await rebuildIfErased(new Store(now.env, store, NO_APP), now.view);
    expect(await old.answer()).toBe("10 stale");
    await old.run();
    expect(await old.answer()).toBe("1");
  });

  function erasing() {
    const { send, ...rest } = rollout();
    return { ...rest, removed: (stream: string) => send("DELETE", `/streams/reading/${stream}?erase=true`) };
  }
});

describe("three versions of a view", () => {
  const ORDERS = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];

  it.each(ORDERS)(
    "end with the newest on record, while each answers by its own definition: first %i, then %i, then %i",
    async (...order) => {
      const { version, event, owner } = rollout();
      const versions = [version(1, deployed(0)), version(10, deployed(1)), version(100, deployed(2))];
      let events = 0;
      const owners: number[] = [];
      for (let round = 0; round < 3; round++) {
        for (const which of order) {
          await event();
          events += 1;
          await versions[which]?.run();
          owners.push(await owner(...versions));
          pass(MINUTE_MS);
        }
      }
      expect(owners).toEqual(owners.toSorted((a, b) => a - b));
      expect(owners.at(-1)).toBe(2);
      for (const [which, one] of versions.entries()) {
        await one.run();
        expect(await one.answer()).toBe(`${events * 10 ** which}`);
      }
    },
  );

  it("are ordered by their ids when they were uploaded at the same time", async () => {
    const { version, event, owner } = rollout();
    const versions = ["a", "c", "b"].map((id, which) => version(10 ** which, deployed(0, id)));
    await event();
    for (let round = 0; round < 3; round++) {
      for (const one of versions) {
        await one.run();
        pass(MINUTE_MS);
      }
    }
    expect(await owner(...versions)).toBe(1);
  });

  it("let the third bring back the definition of the first, at once", async () => {
    const { version, event, recorded } = rollout();
    const [first, second, third] = [version(1, deployed(0)), version(10, deployed(1)), version(1, deployed(2))];
    await event();
    for (const one of [first, second, third]) await one.run();
    expect(await recorded()).toEqual({ serving: tableOf(first.view).generation, deployment: "version-2" });
    await second.run();
    expect(await recorded()).toMatchObject({ deployment: "version-2" });
  });
});

describe("the record of a view's owner", () => {
  it("names no deployment in a database of 0.1, until the first version with another definition sets it", async () => {
    const { version, event, owner, recorded } = rollout();
    const [old, now] = [version(1, deployed(undefined)), version(10, deployed(1_000_000))];
    await event();
    await old.run();
    expect(await recorded()).toMatchObject({ deployment: null });
    await now.run();
    expect(await owner(old, now)).toBe(1);
    expect(await recorded()).toMatchObject({ deployment: "version-1000000" });
  });

  it("can be stored in a database that 0.1 has made", async () => {
    const { ARCHIVE: old } = env as unknown as { ARCHIVE: D1Database }; // the tests' own binding
    await old.batch(
      [
        `DROP TABLE IF EXISTS headspring_views`,
        `CREATE TABLE headspring_views (store TEXT NOT NULL, view TEXT NOT NULL, serving TEXT NOT NULL, rebuild INTEGER NOT NULL DEFAULT 0,
           erase_to INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (store, view)) STRICT, WITHOUT ROWID`,
        `INSERT INTO headspring_views (store, view, serving) VALUES ('s', 'v', 'abc')`,
      ].map((statement) => old.prepare(statement)),
    );
    await prepare(old, ["SELECT 'gradual'"]);
    expect(
      await old.prepare(`SELECT serving, deployment, deployed_at, quiet_since, quiet_position FROM headspring_views`).all(),
    ).toMatchObject({
      results: [{ serving: "abc", deployment: null, deployed_at: null, quiet_since: null, quiet_position: null }],
    });
  });

  it("stays valid when the clock goes back, or was wrong when the record was written", async () => {
    const { version, event, owner } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    await now.run();
    await event();
    pass(100 * VIEW_ROLLBACK_MS); // a clock far ahead notes that the newer one stands still
    await old.run();
    pass(-100 * VIEW_ROLLBACK_MS);
    await old.run();
    expect(await owner(old, now)).toBe(1);
    expect(await old.answer()).toBe("2");
    pass(VIEW_ROLLBACK_MS + 1);
    await old.run();
    expect(await owner(old, now)).toBe(0); // and yet it is noticed after an hour
  });

  it("is part of the view's reports", async () => {
    const { store, version, event } = rollout();
    const [old, now] = [version(1, deployed(0)), version(10, deployed(1))];
    await event();
    await old.run();
    const reports = async (one: Version) =>
      (
        await reportConsumers(
          new Store(one.env, store, { ...app, views: new Map([[one.view.name, one.view]]) }),
          (name) => name === one.view.name,
        )
      )[0];
    expect(await reports(old)).toMatchObject({ status: "live", deployment: "version-0" });
    expect(await reports(now)).toMatchObject({ status: "rebuilding", stale: true, deployment: "version-0" });
    await now.run();
    expect(await reports(now)).toMatchObject({ status: "live", deployment: "version-1" });
    const report = await reports(old);
    expect(report).toMatchObject({ status: "live", deployment: "version-1" });
    expect(report).not.toHaveProperty("stale");
  });
});
