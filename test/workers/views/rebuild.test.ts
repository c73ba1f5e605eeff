import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { activate } from "../../../src/consumers/override.ts";
import { Budget, counting } from "../../../src/core/budget.ts";
import { toRecorded } from "../../../src/core/event.ts";
import { INVOCATION_RESERVE } from "../../../src/core/limits.ts";
import { moveTogether } from "../../../src/consumers/checkpoint.ts";
import { streamIdOf, view } from "../../../src/index.ts";
import { CONSUMER_BATCH_EVENTS } from "../../../src/consumers/limits.ts";
import { DROP_CALLS, VIEW_GRACE_MS, VIEW_ROLLOUT_MS } from "../../../src/views/limits.ts";
import { generationsOf, requestRebuild } from "../../../src/views/generations.ts";
import { project } from "../../../src/views/project.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { readServing } from "../../../src/views/serving.ts";
import { dropRetired } from "../../../src/views/retire.ts";
import { swap } from "../../../src/views/succession.ts";
import { tableOf } from "../../../src/rows/table.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import { app, reading, values } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { declared } from "./declared.ts";

afterEach(() => vi.restoreAllMocks());

let names = 0;

/** Versions of one view of a name that no other test has: each counts, in steps of its own. */
type Versions = () => (step: number) => View;

function versions() {
  const name = `counts-${++names}`;
  return (step: number): View =>
    view(name, {
      from: reading,
      row: z.object({ id: z.string(), count: z.int() }),
      key: "id",
      revision: step,
      on: { Read: (row, { stream }) => ({ id: streamIdOf(stream), count: (row?.count ?? 0) + step }) },
    });
}

/** The same, as definitions over HTTP: a higher step is a later declaration. */
function declaredVersions() {
  const name = `counts-${++names}`;
  const made = new Map<number, View>();
  return (step: number): View => {
    const columns = { count: { type: "integer", init: 0, fold: `acc + ${step}` } } as const;
    const one = made.get(step) ?? declared(name, { from: "reading", types: ["Read"], columns }, step);
    made.set(step, one);
    return one;
  };
}

const KINDS: readonly (readonly [kind: string, versions: Versions])[] = [
  ["in code", versions],
  ["declared over HTTP", declaredVersions],
];

/** A store, and a view of it that runs only when the test says so. */
function store(name: string) {
  const quiet = quietStore(name);
  const { store: id } = quiet;
  const run = (one: View, deadline = Number.POSITIVE_INFINITY) => project(storeNamed(id), one, deadline);
  const served = async (one: View) => {
    const { results, table, position, stale } = await readServing(storeNamed(id), one, (table, db) =>
      db.prepare(`SELECT * FROM ${table.name} WHERE _store = ? ORDER BY id`).bind(id),
    );
    return { rows: results.map((row) => table.fromSql(row)), position, stale, generation: table.generation };
  };
  return { ...quiet, run, served };
}

/** As if this much time had gone by since tables were replaced. */
async function age(milliseconds: number) {
  await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET retired_at = retired_at - ? WHERE retired_at IS NOT NULL`)
    .bind(milliseconds)
    .run();
}

async function tables(one: View): Promise<string[]> {
  const { results } = await env.VIEWS.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE ? ORDER BY name`)
    .bind(`view_${one.name}_%`)
    .all<{ name: string }>();
  return results.map(({ name }) => name);
}

describe.each(KINDS)("a view %s whose definition has changed", (_kind, versions) => {
  it("goes on answering from its old table, marked as stale, until the new one is at the head", async () => {
    const { read, run, served } = store("changed");
    const version = versions();
    const [old, now] = [version(1), version(10)];
    for (const value of [1, 2, 3]) await read("s", value);
    await run(old);
    expect(await served(now)).toMatchObject({ rows: [{ id: "s", count: 3 }], position: 3, stale: true });

    await read("s", 4);
    expect(await served(now)).toMatchObject({ position: 3, stale: true }); // nobody moves it: its code is gone
    await run(now);
    expect(await served(now)).toMatchObject({ rows: [{ id: "s", count: 40 }], position: 4, stale: false });
  });

  it("is built by wake-ups that its queries send when no event arrives that would wake it", async () => {
    const version = versions();
    const { read, run, served, sent } = store("nudge");
    await read("s", 1);
    await run(version(1));
    const before = sent().length;
    await served(version(2));
    await served(version(2));
    expect(sent().slice(before)).toEqual([{ body: expect.objectContaining({ consumers: [version(1).name], head: 0 }) }]);
  });

  it("answers even when no worker can be woken", async () => {
    const counts = versions();
    const { read, run, served } = store("unheard");
    await read("a", 1);
    await run(counts(1));
    vi.spyOn(env.WAKE_UPS, "send").mockRejectedValue(new Error("the queue is down"));
    expect(await served(counts(2))).toMatchObject({ rows: [{ id: "a", count: 1 }], stale: true });
  });

  it("never answers with a half-built table", async () => {
    const version = versions();
    const { store: id, read, run, served } = store("half");
    for (const value of [1, 2, 3]) await read("s", value);
    await run(version(1));
    // Part of the way: the worker dies.
    const { wanted } = await generationsOf(storeNamed(id), version(10));
    const page = await storeNamed(id).log.read({ after: 0, limit: 2 });
    const half = viewConsumer(storeNamed(id), version(10), wanted);
    await half.checkpoint.load();
    await half.apply({ events: page.events.map(toRecorded), from: 0, to: 2 });
    expect(await served(version(10))).toMatchObject({ rows: [{ id: "s", count: 3 }], stale: true });

    await run(version(10)); // and another goes on where it stopped
    expect(await served(version(10))).toMatchObject({ rows: [{ id: "s", count: 30 }], position: 3, stale: false });
  });
});

describe("a view whose definition has changed", () => {
  it("goes back to the earlier code at once, after the deployment's two versions have stopped working side by side", async () => {
    const version = versions();
    const { read, run, served } = store("rollback");
    await read("s", 1);
    await run(version(1));
    await run(version(10));
    expect(await served(version(10))).toMatchObject({ rows: [{ id: "s", count: 10 }], stale: false });

    await read("s", 2);
    await run(version(1)); // a worker of the version before: it must not swap back
    expect(await served(version(10))).toMatchObject({ stale: false });
    await age(VIEW_ROLLOUT_MS);
    await run(version(1)); // the deployment was taken back
    expect(await served(version(1))).toMatchObject({ rows: [{ id: "s", count: 2 }], position: 2, stale: false });
  });

  it("drops the replaced table after a while, and nothing else", async () => {
    const version = versions();
    const [one, other] = [store("drop"), store("keep")];
    for (const { read } of [one, other]) await read("s", 1);
    await one.run(version(1));
    await other.run(version(1));
    await one.run(version(10));
    const appNow = { ...app, views: new Map([[version(10).name, version(10)]]) };
    expect(await tables(version(1))).toHaveLength(2);

    await dropRetired(appNow, env);
    await age(VIEW_GRACE_MS);
    await dropRetired(appNow, env);
    // The other store still answers from the old table.
    expect(await tables(version(1))).toHaveLength(2);
    expect(await one.served(version(10))).toMatchObject({ rows: [{ id: "s", count: 10 }] });
    expect(await other.served(version(10))).toMatchObject({ rows: [{ id: "s", count: 1 }], stale: true });
    const { name } = tableOf(version(1));
    expect((await env.VIEWS.prepare(`SELECT _store FROM ${name}`).all()).results).toEqual([{ _store: other.store }]);

    await other.run(version(10));
    await age(VIEW_GRACE_MS);
    await dropRetired(appNow, env);
    expect(await tables(version(1))).toEqual([tableOf(version(10)).name.replaceAll('"', "")]);
    expect(await other.served(version(10))).toMatchObject({ rows: [{ id: "s", count: 10 }], stale: false });
  });

  it("drops the replaced table in the next sweep if the database cannot be reached, or the invocation has no room for all of it", async () => {
    const version = versions();
    const { store: id, read, run } = store("later");
    for (const stream of ["s", "t"]) await read(stream, 1);
    await run(version(1));
    await run(version(10));
    const kept = () =>
      env.VIEWS.prepare(`SELECT COUNT(*) AS n FROM headspring_checkpoints WHERE store = ? AND consumer = ?`)
        .bind(id, version(1).name)
        .first<number>("n");
    const open = async () => storeNamed(id, appNow);
    const appNow = { ...app, views: new Map([[version(10).name, version(10)]]) };
    await dropRetired(appNow, env, [id], open);
    await age(VIEW_GRACE_MS);
    const lost = vi.spyOn(env.VIEWS, "batch").mockRejectedValueOnce(new Error("D1_ERROR: Network connection lost."));
    await expect(dropRetired(appNow, env, [id], open)).rejects.toThrow("Network connection lost");
    lost.mockRestore();
    expect(await kept()).toBe(2);
    // Another store has the same table, so that this one's rows go one by one.
    const other = store("later-other");
    await other.run(version(1));
    const left = async () => {
      const { results } = await env.VIEWS.prepare(`SELECT id FROM ${tableOf(version(1)).name} WHERE _store = ?`)
        .bind(id)
        .all();
      return [await kept(), results.length];
    };
    const [calls, found] = [INVOCATION_RESERVE + DROP_CALLS + 1, [await left()]];
    for (let sweeps = 0; sweeps < 2; sweeps++) {
      await dropRetired(appNow, counting(env, new Budget({ calls, statements: calls })), [id], open);
      found.push(await left());
    }
    expect(found).toEqual([
      [2, 2],
      [2, 0],
      [1, 0],
    ]);
  });

  it("drops the record of a table that was never made", async () => {
    const { store: id } = store("stillborn");
    const [name, generation] = [values.name, "ffffffffffff"];
    const kept = () =>
      env.VIEWS.prepare(`SELECT COUNT(*) AS n FROM headspring_checkpoints WHERE generation = ?`).bind(generation).first<number>("n");
    await viewConsumer(storeNamed(id), values).checkpoint.load();
    await env.VIEWS.prepare(
      `INSERT INTO headspring_checkpoints (store, consumer, generation, position, moved_from, born_at, started_at, retired_at)
       VALUES (?, ?, ?, 0, 0, 0, 0, 0)`,
    )
      .bind(id, name, generation)
      .run();
    await dropRetired(app, env);
    expect(await kept()).toBe(0);
    expect(await viewConsumer(storeNamed(id), values).checkpoint.look()).toMatchObject({ position: 0 });
  });

  it("drops the tables of a view that the code no longer has; one that comes back begins from scratch", async () => {
    const version = versions();
    const { read, run, served } = store("gone");
    await read("s", 1);
    await run(version(1));
    const without = { ...app, views: new Map<string, View>() };
    await dropRetired(without, env); // finds it
    expect(await tables(version(1))).toHaveLength(1);
    await age(VIEW_GRACE_MS);
    await dropRetired(without, env);
    expect(await tables(version(1))).toEqual([]);
    await run(version(1));
    expect(await served(version(1))).toMatchObject({ rows: [{ id: "s", count: 1 }], stale: false });
  });
});

describe("a rebuild that an operator asks for", () => {
  it("gives the same rows, row for row, while the old table is kept up to date", async () => {
    const { post, read, wake, rows, folded, json, send } = store("rebuild");
    for (let round = 0; round < 6; round++) await read(`s${round % 2}`, round % 3);
    await wake("values");
    const before = await rows(values);
    const count = await send("POST", "/views/values/rebuild?dryRun=true");
    expect([count.status, await count.json()]).toMatchObject([200, { consumer: "values", from: 0, position: 6, to: 6 }]);
    expect((await json("/views?name=values")).views).toMatchObject([{ status: "live" }]);
    const response = await send("POST", "/views/values/rebuild");
    expect(response.status).toBe(202);
    expect(response.headers.get("location")).toMatch(/^\/stores\/[^/]+\/consumers\/values$/);
    expect(await response.json()).toMatchObject({ status: "rebuilding", rebuild: { status: "building", position: 0, head: 6 } });
    expect((await json("/views")).views).toContainEqual(expect.objectContaining({ name: "values", status: "rebuilding", position: 6 }));
    expect(await rows(values)).toEqual(before);

    await post("/streams/reading/s0", { type: "Calibrated", data: {} });
    await wake("values");
    expect(await json("/consumers/values")).toMatchObject({ status: "live", position: 7 });
    expect(await json("/consumers/values")).not.toHaveProperty("rebuild");
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("heals rows that were damaged", async () => {
    const { store: id, read, wake, rows, folded, send } = store("heal");
    for (const value of [1, 2]) await read("s", value);
    await wake("values");
    await env.VIEWS.prepare(`UPDATE ${tableOf(values).name} SET count = 99 WHERE _store = ?`)
      .bind(id)
      .run();
    expect((await rows(values)).get("any")).toMatchObject({ count: 99 });
    await send("POST", "/views/values/rebuild");
    await wake("values");
    expect(await rows(values)).toEqual(await folded(values));
  });

  it("makes another table each time, and leaves nothing behind", async () => {
    const { store: id, read, run, served } = store("again");
    const one = versions()(1);
    const appNow = { ...app, views: new Map([[one.name, one]]) };
    await read("s", 1);
    for (let round = 0; round < 3; round++) {
      await run(one);
      await requestRebuild(storeNamed(id), one);
    }
    await run(one);
    expect(await served(one)).toMatchObject({ rows: [{ id: "s", count: 1 }], generation: `${tableOf(one).generation}_3` });
    await age(VIEW_GRACE_MS);
    await dropRetired(appNow, env);
    // The first table stays for stores that begin, without this store's rows.
    const [first, last] = [tableOf(one), tableOf(one, 3)];
    expect(await tables(one)).toEqual([first, last].map(({ name }) => name.replaceAll('"', "")));
    expect((await env.VIEWS.prepare(`SELECT * FROM ${first.name}`).all()).results).toEqual([]);
  });

  it("reports its progress, its pace, and when it will end", async () => {
    const { store: id, read, json, send, wake } = store("progress");
    for (let value = 0; value < 4; value++) await read("s", value);
    await wake("values");
    await send("POST", "/views/values/rebuild");
    const { wanted } = await generationsOf(storeNamed(id), values);
    const build = viewConsumer(storeNamed(id), values, wanted);
    const { position } = await build.checkpoint.load();
    const since = { position, at: Date.now() };
    await scheduler.wait(5); // a pace needs time to be measured
    await build.checkpoint.commit(0, 2, [], { events: [], since });
    const { rebuild } = await json("/consumers/values");
    expect(rebuild).toMatchObject({ status: "building", position: 2, head: 4 });
    expect(rebuild.eventsPerSecond).toBeGreaterThan(0);
    expect(Date.parse(rebuild.estimatedEnd)).toBeGreaterThanOrEqual(Date.parse(rebuild.startedAt));
  });
});

describe.each(KINDS)("a rebuild of a view %s that an operator asks for", (_kind, versions) => {
  it("stops when its time is over, and does not hold up queries that the old table can answer", async () => {
    const { store: id, post, run, served } = store("budget");
    const one = versions()(1);
    const reads = Array.from({ length: CONSUMER_BATCH_EVENTS + 1 }, () => ({ type: "Read", data: { value: 1 } }));
    await post("/streams/reading/s", { events: reads });
    expect(await run(one, 0)).toEqual({ position: CONSUMER_BATCH_EVENTS, outcome: "behind" });
    expect(await run(one, 0)).toEqual({ position: reads.length, outcome: "caught-up" });
    await requestRebuild(storeNamed(id), one);
    expect(await project(storeNamed(id), one, Number.POSITIVE_INFINITY, { until: reads.length })).toMatchObject({ position: reads.length });
    expect((await served(one)).generation).toBe(tableOf(one).generation);
    expect(await run(one, 0)).toEqual({ position: reads.length, building: CONSUMER_BATCH_EVENTS, outcome: "behind" });
    expect(await run(one)).toMatchObject({ position: reads.length, outcome: "caught-up" });
    expect(await served(one)).toMatchObject({ rows: [{ id: "s", count: reads.length }], generation: tableOf(one, 1).generation });
  });

  it("leaves the old table live when the new one fails, and takes over once an operator has had it tried again", async () => {
    const { store: id, read, run, served } = store("failing");
    const one = versions()(1);
    await read("s", 1);
    await run(one);
    await requestRebuild(storeNamed(id), one);
    const { serving, wanted } = await generationsOf(storeNamed(id), one);
    const build = viewConsumer(storeNamed(id), one, wanted);
    await build.checkpoint.load();
    await build.checkpoint.recordFailure(0, 8, undefined, { message: "poisoned", at: new Date().toISOString() });
    await read("s", 2);
    expect(await run(one)).toMatchObject({ position: 2, outcome: "caught-up" });
    expect(await served(one)).toMatchObject({ rows: [{ id: "s", count: 2 }], position: 2, generation: serving.generation });

    await activate(build.checkpoint);
    await run(one);
    expect(await served(one)).toMatchObject({ rows: [{ id: "s", count: 2 }], position: 2, generation: wanted.generation });
  });

  it("happens once, however often it is asked for while it runs", async () => {
    const { store: id, read, run, served } = store("once");
    const version = versions();
    await read("s", 1);
    await run(version(1));
    await Promise.all([1, 2, 3].map(() => requestRebuild(storeNamed(id), version(1))));
    await requestRebuild(storeNamed(id), version(1));
    await run(version(1));
    expect((await served(version(1))).generation).toBe(`${tableOf(version(1)).generation}_1`);
  });

  it("takes no reader back in time: a new table that is behind the old one does not take over", async () => {
    const { store: id, read, run, served } = store("monotonic");
    const one = versions()(1);
    await read("s", 1);
    await run(one);
    await requestRebuild(storeNamed(id), one);
    const before = await generationsOf(storeNamed(id), one);
    // The new one has reached the head, and then the old one goes further.
    await catchUp(viewConsumer(storeNamed(id), one, before.wanted), storeNamed(id).log, Number.POSITIVE_INFINITY);
    await read("s", 2);
    await catchUp(viewConsumer(storeNamed(id), one, before.serving), storeNamed(id).log, Number.POSITIVE_INFINITY);
    expect(await swap(storeNamed(id), one, before)).toBe(false);
    expect(await served(one)).toMatchObject({ position: 2, generation: before.serving.generation });
    await run(one);
    expect(await served(one)).toMatchObject({ position: 2, generation: before.wanted.generation });
  });

  it("goes on while events keep coming and many workers run, and never shows a row that is not of its position", async () => {
    const { store: id, read, run, served } = store("busy");
    const one = versions()(1);
    for (let value = 0; value < 5; value++) await read("s", value);
    await run(one);
    const written = new AbortController();
    const answers: { rows: readonly unknown[]; position: number }[] = [];
    const look = async () => {
      while (!written.signal.aborted) {
        answers.push(await served(one));
        await scheduler.wait(1); // who only asks leaves the runtime no time to build
      }
    };
    const looking = [look(), look()];
    for (let round = 0; round < 4; round++) {
      await requestRebuild(storeNamed(id), one);
      await Promise.all([read("s", 1), run(one), run(one), run(one)]);
    }
    await run(one);
    written.abort();
    await Promise.all(looking);
    for (const { rows, position } of answers) expect(rows).toEqual([{ id: "s", count: position }]);
    expect(answers.map(({ position }) => position)).toEqual(answers.map(({ position }) => position).toSorted((a, b) => a - b));
    expect(await served(one)).toMatchObject({ position: 9, stale: false });
  });
});

describe("a table that is rebuilt", () => {
  it("takes over even if the other one was moved past events that concern neither", async () => {
    const { store: id, read, post, run, served } = store("past");
    const v = versions()(1);
    await read("s", 1);
    await run(v);
    for (let times = 0; times < 3; times++) await post("/streams/sample/s", { type: "Read", data: { value: 1 } });
    const { generation } = tableOf(v);
    // As the sweep does.
    await moveTogether(env.VIEWS, [{ store: id, consumer: v.name, generation, position: 1, to: 4 }]);
    expect(await served(v)).toMatchObject({ position: 4 });
    await requestRebuild(storeNamed(id), v);
    expect(await run(v)).toMatchObject({ position: 4, outcome: "caught-up" });
    const after = await served(v);
    expect(after).toMatchObject({ rows: [{ id: "s", count: 1 }], position: 4, stale: false });
    expect(after.generation).not.toBe(generation);
  });
});
