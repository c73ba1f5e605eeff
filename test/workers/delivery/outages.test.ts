import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { DEFAULT_RETRY } from "../../../src/definitions/retry.ts";
import { view } from "../../../src/index.ts";
import { VIEW_ROW_BYTES } from "../../../src/rows/limits.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { tableOf } from "../../../src/rows/table.ts";
import { reading, values } from "../app.ts";
import { quietStore } from "./support.ts";
import { allowErrors } from "../errors.ts";

beforeEach(() => allowErrors(/a consumer could not process an event and will retry/, /a consumer has failed and stopped/));
afterEach(() => vi.restoreAllMocks());

const AT_LAST = Number.POSITIVE_INFINITY;

async function waitingIsOver(store: string) {
  await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
}

describe("a database that is away for longer than any event would be tried", () => {
  // What Cloudflare documents of D1's errors that pass.
  it.each([
    "D1_ERROR: Network connection lost.",
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
    "Error: D1 DB reset because its code was updated.",
    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
    "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
    "D1_ERROR: internal error; reference = e_abcdef123456",
    "Error: Failed to parse body as JSON, got: error code: 1031",
    "Too many API requests by single Worker invocation.",
    "D1_ERROR: Exceeded maximum DB size",
  ])("stops no consumer: %s", async (message) => {
    const { store, read, consumer, rows, folded } = quietStore("away");
    for (const value of [1, 2]) await read("s", value);
    const one = viewConsumer(storeNamed(store), values);
    await one.checkpoint.load();
    const batch = vi.spyOn(env.VIEWS, "batch").mockRejectedValue(new Error(message));
    for (let attempt = 0; attempt <= DEFAULT_RETRY.attempts + 2; attempt++) {
      expect(await catchUp(one, storeNamed(store).log, AT_LAST)).toMatchObject({ position: 0, outcome: "backing-off" });
      await waitingIsOver(store);
    }
    batch.mockRestore();
    expect(await consumer("values")).toMatchObject({ status: "catching-up", position: 0 });
    await catchUp(one, storeNamed(store).log, AT_LAST);
    expect(await rows(values)).toEqual(await folded(values));
  });
});

describe("a batch that is too large for the database", () => {
  it.each(["its memory limit", "its CPU time limit"])(
    "of %s is halved until it goes through, and not whole again at once",
    async (limit) => {
      const { store, post } = quietStore("too-much");
      await post("/streams/reading/s", { events: Array.from({ length: 200 }, (_, value) => ({ type: "Read", data: { value } })) });
      const each = view("last", {
        from: reading,
        row: z.object({ id: z.string(), value: z.number() }),
        key: "id",
        on: { Read: { at: () => "all", fold: (_row, { data }, id) => ({ id, value: data.value }) } },
      });
      const one = viewConsumer(storeNamed(store), each);
      await one.checkpoint.load();
      const sizes: number[] = [];
      const commit = one.checkpoint.commit.bind(one.checkpoint);
      vi.spyOn(one.checkpoint, "commit").mockImplementation(async (from, to, ...rest) => {
        sizes.push(to - from);
        if (to - from > 60) throw new Error(`D1_ERROR: D1 DB's isolate exceeded ${limit} and was reset.`);
        return commit(from, to, ...rest);
      });
      expect(await catchUp(one, storeNamed(store).log, AT_LAST)).toMatchObject({ position: 200, outcome: "caught-up" });
      expect(sizes.slice(0, 3)).toEqual([200, 100, 50]);
      expect(Math.max(...sizes.slice(3))).toBeLessThanOrEqual(100);
      expect(await one.checkpoint.look()).toMatchObject({ attempts: 0, failures: 0 });
    },
  );

  it("stops no consumer even if it is a single event: the consumer goes on when the database can", async () => {
    const { store, read } = quietStore("too-much-alone");
    await read("s", 1);
    const one = viewConsumer(storeNamed(store), values);
    await one.checkpoint.load();
    const commit = vi
      .spyOn(one.checkpoint, "commit")
      .mockRejectedValue(new Error("D1_ERROR: D1 DB exceeded its CPU time limit and was reset."));
    for (let attempt = 0; attempt <= DEFAULT_RETRY.attempts + 2; attempt++) {
      expect(await catchUp(one, storeNamed(store).log, AT_LAST)).toMatchObject({ position: 0, outcome: "backing-off" });
      await waitingIsOver(store);
    }
    commit.mockRestore();
    expect(await catchUp(one, storeNamed(store).log, AT_LAST)).toMatchObject({ position: 1, outcome: "caught-up" });
  });
});

describe("a checkpoint that cannot be moved past events that do not concern its consumer", () => {
  it("costs no attempt: the run fails, and the next one moves it", async () => {
    const { store, post } = quietStore("passed");
    await post("/aggregates/counter/c/Count", {});
    const one = viewConsumer(storeNamed(store), values);
    await one.checkpoint.load();
    vi.spyOn(one.checkpoint, "commit").mockRejectedValueOnce(new Error("D1_ERROR: Network connection lost."));
    const run = () => catchUp(one, storeNamed(store).log, AT_LAST, { exact: true });
    await expect(run()).rejects.toThrow("Network connection lost");
    expect(await one.checkpoint.look()).toMatchObject({ position: 0, attempts: 0, failures: 0 });
    expect(await run()).toEqual({ position: 1, outcome: "caught-up" });
    expect(await one.checkpoint.look()).toMatchObject({ position: 1 });
  });
});

describe("a batch that the database refuses for one of its events", () => {
  it("is committed up to that event, which alone is tried again and given up", async () => {
    const { store, read } = quietStore("culprit");
    for (let value = 1; value <= 9; value++) await read("s", value);
    const picky = view("picky", {
      from: reading,
      row: z.object({ id: z.string(), value: z.number(), text: z.string() }),
      key: "id",
      retry: { attempts: 2, delay: "0ms" },
      on: {
        Read: {
          at: ({ data }) => String(data.value),
          fold: (_row, { data }, id) => ({ id, value: data.value, text: data.value === 6 ? "x".repeat(VIEW_ROW_BYTES) : "" }),
        },
      },
    });
    const one = viewConsumer(storeNamed(store), picky);
    expect(await catchUp(one, storeNamed(store).log, AT_LAST)).toMatchObject({ position: 5, outcome: "backing-off" });
    expect(await catchUp(one, storeNamed(store).log, AT_LAST)).toMatchObject({ position: 5, outcome: "resting" });
    expect(await one.checkpoint.look()).toMatchObject({
      status: "failed",
      position: 5,
      error: { message: expect.stringContaining(`a row may have at most ${VIEW_ROW_BYTES}`), event: { position: 6 } },
    });
    const { results } = await env.VIEWS.prepare(`SELECT id FROM ${tableOf(picky).name} WHERE _store = ? ORDER BY id`)
      .bind(store)
      .all();
    expect(results.map(({ id }) => id)).toEqual(["1", "2", "3", "4", "5"]);
  });
});

describe("rows too large to be in memory together", () => {
  it("are folded a few at a time, with the same result", async () => {
    const { store, read } = quietStore("large");
    const text = "x".repeat(VIEW_ROW_BYTES - 200);
    const large = view("large", {
      from: reading,
      row: z.object({ id: z.string(), count: z.int(), text: z.string() }),
      key: "id",
      on: {
        Read: {
          at: ({ data }) => [`${data.value % 20}`, `${(data.value + 1) % 20}`],
          fold: (row, _event, id) => ({ id, count: (row?.count ?? 0) + 1, text }),
        },
      },
    });
    for (let value = 0; value < 40; value++) await read("s", value);
    const one = viewConsumer(storeNamed(store), large);
    const load = vi.spyOn(tableOf(large), "load");
    expect(await catchUp(one, storeNamed(store).log, AT_LAST)).toMatchObject({ position: 40, outcome: "caught-up" });
    expect(Math.max(...load.mock.calls.map(([, , keys]) => keys.length))).toBeLessThanOrEqual(16);
    const { results } = await env.VIEWS.prepare(`SELECT DISTINCT count FROM ${tableOf(large).name} WHERE _store = ?`)
      .bind(store)
      .all();
    expect(results).toEqual([{ count: 4 }]);
  });
});
