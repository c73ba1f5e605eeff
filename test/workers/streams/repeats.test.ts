/** Promise 8 over deployments: what a client sent once is a repeat, whatever the code has made of it since. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { aggregate, category, event, upcast } from "../../../src/index.ts";
import type { Category } from "../../../src/definitions/category.ts";
import type { AnyAggregate } from "../../../src/definitions/aggregate.ts";
import { app } from "../app.ts";
import { freshStore, read } from "../support.ts";

const ID = "0198c2a6-1111-4abc-8def-000000000001";
const First = z.object({ sku: z.string() });
const WithDefault = First.extend({ unit: z.string().default("piece") });
const WithMore = z.object({ sku: z.string(), unit: z.string() });

const placed = (schema: z.ZodObject) => category("placed", { events: { Placed: schema as typeof First, Noted: First } });
const keyed = (schema: z.ZodObject) => category("placed", { key: "sku", events: { Placed: schema as typeof First } });
const basket = (schema: z.ZodObject) =>
  aggregate("basket", {
    events: { Put: First },
    commands: { Put: schema as typeof First },
    initialState: () => ({}),
    evolve: { Put: (state) => state },
    decide: { Put: (_state, { sku }) => event("Put", { sku }) },
  });

/** As if this were deployed: the worker sees it at once, an object when it starts again. */
const deploy = (...parts: (Category | AnyAggregate)[]) => {
  for (const part of parts) ((part.kind === "plain" ? app.categories : app.aggregates) as Map<string, unknown>).set(part.name, part);
};

afterEach(() => {
  (app.categories as Map<string, unknown>).delete("placed");
  (app.aggregates as Map<string, unknown>).delete("basket");
});

const LATER = [
  ["adds a default", placed(WithDefault)],
  ["lifts what was stored, and asks more of what is new", placed(upcast(First, WithMore, (old) => ({ ...old, unit: "piece" })))],
  ["changes the data on its way in", placed(z.object({ sku: z.string().toUpperCase() }))],
  ["takes other event types only", category("placed", { events: { Shipped: First, Noted: First } })],
] as const;

const CLOUD_EVENT = { specversion: "1.0", id: "one", source: "/shop", type: "Placed", data: { sku: "tea" } };
const PLACED = { type: "Placed", data: { sku: "tea" } };
const WRITES: readonly [what: string, path: string, body: object, headers: Record<string, string>][] = [
  ["an append under a key", "/streams/placed/1", PLACED, { "idempotency-key": "k" }],
  ["an append of several under a key", "/streams/placed/1", { events: [PLACED, PLACED] }, { "idempotency-key": "k" }],
  ["an append with an id", "/streams/placed/1", { ...PLACED, id: ID, time: "2026-01-01T00:00:00+01:00", meta: { by: "me" } }, {}],
  ["an append of which one event has an id", "/streams/placed/1", { events: [PLACED, { ...PLACED, id: ID }] }, {}],
  ["a fact under a key", "/streams/placed", PLACED, { "idempotency-key": "k" }],
  ["a CloudEvent", "/streams/placed/1", CLOUD_EVENT, { "content-type": "application/cloudevents+json" }],
  [
    "a CloudEvent in binary mode",
    "/streams/placed/1",
    { sku: "tea" },
    { "content-type": "application/json", "ce-specversion": "1.0", "ce-id": "two", "ce-source": "/shop", "ce-type": "Placed" },
  ],
];

describe.each(WRITES)("%s is recognised", (_what, path, body, headers) => {
  /** What is around a write is none of its content. */
  const around = (conversation: string, trace: string) => ({
    ...headers,
    "correlation-id": conversation,
    traceparent: `00-${trace.repeat(32)}-b7ad6b7169203331-01`,
  });

  it.each(LATER)("after a deployment that %s, with another correlation id and trace", async (_how, later) => {
    const { post, log } = freshStore("repeat");
    deploy(placed(First));
    const first = await post(path, body, around("a", "1"));
    expect(first.status).toBe(201);
    deploy(later);
    const again = await post(path, body, around("b", "2"));
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([201, "true"]);
    expect(await read(again)).toEqual(await read(first));
    expect(await log()).toHaveLength("events" in body ? 2 : 1);
  });

  it("and is a conflict when its content differs, even if today's schema refuses that content", async () => {
    const { post, log } = freshStore("conflict");
    deploy(placed(First));
    await post(path, body, around("a", "1"));
    const other = JSON.parse(JSON.stringify(body).replaceAll(`"tea"`, `"coffee"`));
    expect((await post(path, other, around("a", "1"))).status).toBe(409);
    deploy(LATER[1][1]);
    const response = await post(path, other, around("a", "1"));
    expect([response.status, (await read(response)).code]).toEqual([409, "idempotency-conflict"]);
    expect(await log()).toHaveLength("events" in body ? 2 : 1);
  });
});

it("a write that was never stored is refused with its mistakes, with and without a key", async () => {
  const { post, get } = freshStore("never");
  deploy(placed(First));
  const bad = { type: "Placed", data: { sku: 1 } };
  for (const [body, headers] of [
    [bad, {}],
    [bad, { "idempotency-key": "k" }],
    [{ ...bad, id: ID }, {}],
  ] as const) {
    const response = await post("/streams/placed/1", body, headers);
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-event"]);
  }
  expect((await get("/streams/placed/1")).status).toBe(404);
});

it("a fact whose key names its stream is found there", async () => {
  const { post, log } = freshStore("keyed");
  deploy(keyed(First));
  const key = { "idempotency-key": "k" };
  const fact = { sku: "tea" };
  const bodies = [fact, PLACED];
  const stored = [];
  for (const body of bodies) stored.push((await post("/streams/placed", body, key)).status);
  // One of the two forms is what the category takes.
  const body = bodies[stored.indexOf(201)] as object;
  deploy(keyed(WithMore));
  const again = await post("/streams/placed", body, key);
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([201, "true"]);
  expect(await log()).toHaveLength(1);
});

it("a command is recognised after a deployment that asks more of it", async () => {
  const { post, log, stream } = freshStore("command");
  deploy(basket(First));
  const key = { "idempotency-key": "k" };
  const first = await post("/aggregates/basket/1/Put", { sku: "tea" }, { ...key, "correlation-id": "a" });
  for (const later of [WithDefault, WithMore]) {
    deploy(basket(later));
    await evictDurableObject(stream("basket", "1"));
    const again = await post("/aggregates/basket/1/Put", { sku: "tea" }, { ...key, "correlation-id": "b" });
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
    expect(await read(again)).toEqual(await read(first.clone()));
    expect((await post("/aggregates/basket/1/Put", { sku: "coffee" }, key)).status).toBe(409);
  }
  expect(await log()).toHaveLength(1);
});

it("a repeat of a write that version 0.1 stored, without a fingerprint, is compared with the stored events", async () => {
  const { post, log, stream } = freshStore("older");
  const stub = stream("sample", "1");
  const one = { type: "Read", data: { value: 1 } };
  const two = { type: "Read", data: { value: 2 }, id: ID };
  await post("/streams/sample/1", one, { "idempotency-key": "k" });
  await post("/streams/sample/1", two);
  await runInDurableObject(stub, (_instance, { storage }) => {
    for (const statement of [
      `UPDATE receipts SET fingerprint = ''`,
      `ALTER TABLE receipts DROP COLUMN client`,
      `ALTER TABLE event_ids DROP COLUMN fingerprint`,
    ]) {
      storage.sql.exec(statement);
    }
  });
  await evictDurableObject(stub);
  const statuses = async (first: object, second: object) => [
    (await post("/streams/sample/1", first, { "idempotency-key": "k" })).status,
    (await post("/streams/sample/1", second)).status,
  ];
  expect(await statuses(one, two)).toEqual([201, 201]);
  expect(await statuses({ ...one, data: { value: 3 } }, { ...two, data: { value: 3 } })).toEqual([409, 409]);
  expect(await log()).toHaveLength(2);
  // And what is stored from now on has its mark.
  expect((await post("/streams/sample/1", one, { "idempotency-key": "another" })).status).toBe(201);
});

it("an erasure leaves no fingerprint of the events that it erased", async () => {
  const { post, send, stream } = freshStore("erased");
  await post("/streams/sample/1", { type: "Read", data: { value: 1 }, id: ID }, { "idempotency-key": "k" });
  await send("DELETE", "/streams/sample/1?erase=true");
  const left = await runInDurableObject(stream("sample", "1"), (_instance, { storage }) =>
    storage.sql.exec(`SELECT fingerprint FROM event_ids UNION SELECT fingerprint FROM receipts`).toArray(),
  );
  expect(left).toEqual([{ fingerprint: "" }]);
});
