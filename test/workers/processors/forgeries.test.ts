/**
 * Promise 5 against who may write: a client that knows an event can derive the keys and ids of everything that processors make
 * of it, and use them first. Processors do not mind.
 */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { prepare } from "../../../src/consumers/schema.ts";
import { derivedId } from "../../../src/core/ids.ts";
import { read } from "../support.ts";
import { pay, outside } from "./paying.ts";
import { processorStore as store } from "./support.ts";

beforeAll(() => prepare(env.VIEWS));
afterEach(() => vi.restoreAllMocks());

/** A reading that the relay answers with a command and a fact, and the ids that it will give them. */
async function relayed(name: string) {
  const quiet = store(name);
  const { events } = await read(await quiet.read("s", 200));
  const id = (index: number) => derivedId("relay", "reading/s", events[0].id, index);
  const wake = async () => void (await quiet.wake("relay"));
  /** As a crash leaves it: everything is done, and done again. */
  const again = async () => {
    await quiet.forgetCheckpoint("relay");
    await wake();
  };
  return { ...quiet, id, wake, again };
}

describe("a reaction happens once, even if a client has already used", () => {
  it("the key of its command", async () => {
    const { post, json, id, wake, again } = await relayed("command");
    const forged = await post("/aggregates/counter/of-s/Count", {}, { "idempotency-key": id(0) });
    expect(forged.status).toBe(200);
    for (const run of [wake, again, again]) {
      await run();
      expect(await json("/aggregates/counter/of-s")).toMatchObject({ version: 2, state: { total: 2 } });
    }
    // Its client still gets its own answer.
    const repeated = await post("/aggregates/counter/of-s/Count", {}, { "idempotency-key": id(0) });
    expect(await read(repeated)).toEqual(await read(forged));
  });

  it("the id of its event", async () => {
    const { post, json, id, wake, again } = await relayed("fact");
    const mine = { type: "Raised", data: { from: "a client", value: 0 }, id: id(1) };
    expect((await post("/streams/alarm/s", mine)).status).toBe(201);
    for (const run of [wake, again, again]) {
      await run();
      const { events } = await json("/streams/alarm/s");
      expect(events.map(({ data }: { data: { from: string } }) => data.from)).toEqual(["a client", "reading/s"]);
      expect(new Set(events.map((event: { id: string }) => event.id)).size).toBe(2);
    }
    expect((await post("/streams/alarm/s", mine)).headers.get("idempotent-replayed")).toBe("true");
  });

  it("the same as a CloudEvent's id", async () => {
    const { post, json, id, wake } = await relayed("cloudevent");
    const event = { specversion: "1.0", id: id(1), source: "/x", type: "Raised", data: { from: "a client", value: 0 } };
    expect((await post("/streams/alarm/s", event, { "content-type": "application/cloudevents+json" })).status).toBe(201);
    await wake();
    expect((await json("/streams/alarm/s")).version).toBe(2);
  });
});

it("a client that later uses a reaction's id changes nothing", async () => {
  const { post, json, id, wake, again } = await relayed("later");
  await wake();
  expect((await post("/streams/alarm/s", { type: "Raised", data: { from: "a client", value: 0 }, id: id(1) })).status).toBe(409);
  await again();
  expect((await json("/streams/alarm/s")).version).toBe(1);
});

describe("an effect calls and records the answer even if a client has already used the id of", () => {
  it.each(["outcome", "started"])("its %s", async (what) => {
    const quiet = store("effect");
    const { events } = await read(await quiet.read("s", 1));
    // The outcome's category is not the test app's, so it is appended without the route, in the way of the route.
    await quiet.stream("payment", "s").append({
      events: [
        { id: derivedId("pay", "reading/s", events[0].id, what), type: "Paid", data: `{"receipt":"forged"}`, meta: "{}", schemaVersion: 1 },
      ],
      fingerprint: "as sent",
      expected: { kind: "any" },
    });
    const { keys, fetch } = outside(() => new Response("real"));
    for (let run = 0; run < 3; run++) {
      await quiet.run(quiet.calling(pay, fetch));
      await quiet.forgetCheckpoint("pay");
    }
    expect(keys).toHaveLength(1);
    expect(await quiet.types("payment/s")).toEqual(["Paid", "$EffectStarted", "Paid"]);
    const last = (await quiet.log()).at(-1);
    expect(last?.data).toEqual({ receipt: "real" });
  });
});

describe("a process goes on even if a client has already used", () => {
  const begun = async (name: string) => {
    const quiet = store(name);
    const wished = (errand: string) => ({ type: "Wished", data: { errand, jobs: [{ counter: "a", by: 2 }] } });
    await quiet.post("/streams/wish/someone", { ...wished("e"), data: { errand: "e", jobs: [] } });
    await quiet.wake("errand");
    const { events } = await read(
      await quiet.post("/streams/wish/someone", { type: "Added", data: { errand: "e", job: { counter: "a", by: 2 } } }),
    );
    const input = derivedId("input", "errand", "wish/someone", events[0].id);
    const settle = async () => {
      for (let run = 0; run < 3; run++) await quiet.wake("errand");
    };
    return { ...quiet, input, settle };
  };

  it("the key of an input, and with it the ids of all that the input leads to", async () => {
    const { post, json, input, settle, log } = await begun("input");
    expect((await post("/aggregates/errand/e/Note", { what: "x" }, { "idempotency-key": input })).status).toBe(200);
    await settle();
    expect((await json("/aggregates/counter/a")).state).toEqual({ total: 2 });
    // What the instance sends in answer derives from no key that a client knows.
    const sent = (await log()).filter(({ type }) => type === "$CommandSent").map(({ data }) => (data as { commandId: string }).commandId);
    expect(sent).toHaveLength(1);
    expect(sent).not.toContain(derivedId("sent", "errand", "e", input, 0));
  });

  it("the key of a command that it sends", async () => {
    const { post, json, input, settle } = await begun("sent");
    const key = derivedId("sent", "errand", "e", input, 0);
    expect((await post("/aggregates/counter/a/Count", { by: 5 }, { "idempotency-key": key })).status).toBe(200);
    await settle();
    expect(await json("/aggregates/counter/a")).toMatchObject({ version: 2, state: { total: 7 } });
    expect((await json("/aggregates/errand/e")).state).toMatchObject({ sum: 2 });
  });

  it("the key of an outcome", async () => {
    const { post, json, input, settle } = await begun("outcome");
    const sent = derivedId("sent", "errand", "e", input, 0);
    const key = derivedId("outcome", "errand", "errand/e", sent);
    expect((await post("/aggregates/errand/e/Note", { what: "x" }, { "idempotency-key": key })).status).toBe(200);
    await settle();
    expect(await json("/aggregates/errand/e")).toMatchObject({ state: { sum: 2 } });
    expect(await json("/aggregates/errand/e")).not.toHaveProperty("inFlight");
  });
});

it("a reaction that version 0.1 stored is still found", async () => {
  const { stream, json, id, wake, again } = await relayed("older");
  await wake();
  for (const [category, name] of [
    ["counter", "of-s"],
    ["alarm", "s"],
  ] as const) {
    await runInDurableObject(stream(category, name), (_instance, { storage }) => {
      for (const [table, column] of [
        ["receipts", "client"],
        ["event_ids", "fingerprint"],
      ]) {
        if (storage.sql.exec(`SELECT 1 FROM sqlite_master WHERE name = ?`, table).toArray().length > 0) {
          storage.sql.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`);
        }
      }
    });
    await evictDurableObject(stream(category, name));
  }
  await again();
  expect((await json("/aggregates/counter/of-s")).version).toBe(1);
  expect((await json("/streams/alarm/s")).events).toMatchObject([{ id: id(1) }]);
});
