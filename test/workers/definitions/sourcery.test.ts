/** Sourcery's surface under /api: the online store of its documentation, call by call, and what its other calls answer. */

import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DEFINITIONS } from "../../../src/core/limits.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { envWith, freshStore, interceptCatalog, read } from "../support.ts";
import { subscribed } from "../webhooks/support.ts";

beforeEach(() => {
  vi.spyOn(console, "info").mockReturnValue();
  vi.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ORDERS = { id: "uuid", customerId: "string", productId: "string", qty: "number", status: "string" };
const PRODUCTS = { id: "string", qty: "number", price: "number" };
const [FITS, TOO_MUCH] = ["df4843fc-88eb-4709-8790-5acc02dbd65b", "df4843fc-88eb-4709-8790-5acc02dbd65c"];
const order = (id: string, qty: number) => ({ id, customerId: "c1", productId: "tea", qty, status: "pending" });

const JOIN = { join: { with: "products-view", by: "productId" } };
const ENOUGH = { "order.qty": { $lte: "product.qty" } };
const LACKING = { "order.qty": { $gt: "product.qty" } };
const setTo = (status: string) => ({ map: { $set: { status } }, to: "orders" });

/** The two forms in which Sourcery's documentation has the same logic. */
const FORMS = {
  "separate processors": [
    { name: "order-validation", from: "orders", ...JOIN, to: "order-with-stock" },
    {
      name: "order-validation",
      from: "order-with-stock",
      split: { "valid-orders": { filter: ENOUGH }, "invalid-orders": { filter: LACKING } },
    },
    { name: "order-status-update", from: "valid-orders", ...setTo("confirmed") },
    { name: "order-status-update", from: "invalid-orders", ...setTo("failed") },
  ],
  "one processor with several steps": [
    {
      name: "order-validation",
      from: "orders",
      multi: [
        JOIN,
        {
          split: [
            { filter: ENOUGH, to: setTo("confirmed") },
            { filter: LACKING, to: setTo("failed") },
          ],
        },
      ],
    },
  ],
};

/** A call that has to succeed. */
async function created(answer: Promise<Response>) {
  const response = await answer;
  const body = await read(response);
  if (response.status !== 201) throw new Error(JSON.stringify(body));
  return body;
}

describe("the online store", () => {
  it.each(Object.entries(FORMS))("works with %s", async (_form, processors) => {
    const store = await subscribed("online", { categories: ["orders"], where: { path: "data.status", op: "eq", value: "confirmed" } });
    const { post, json, get, settle, received, store: name } = store;
    const api = (path: string, body: unknown) => created(post(`/api/${path}`, body));

    const stream = await api("streams", { name: "orders", schema: ORDERS });
    expect(stream).toEqual({ id: expect.stringMatching(UUID), name: "orders", schema: ORDERS });
    await api("streams", { name: "products", schema: PRODUCTS, viewable: true });
    expect(await api("views", { name: "orders-view", from: "orders" })).toEqual({
      id: expect.stringMatching(UUID),
      name: "orders-view",
      from: "orders",
    });
    const ids = new Set<string>();
    for (const processor of processors) {
      const answer = await api("processors", processor);
      expect(answer).toEqual({ id: expect.stringMatching(UUID), name: processor.name, from: processor.from });
      ids.add(answer.id);
    }
    expect(ids.size).toBe(processors.length);

    await api("streams/products", { id: "tea", qty: 5, price: 2.5 });
    // Asked for before it is there.
    const early = get(`/api/views/orders/${FITS}`);
    await api("streams/orders", order(FITS, 5));
    await api("streams/orders", order(TOO_MUCH, 6));
    expect((await early).status).toBe(200);
    expect(await read(await early)).toMatchObject({ id: FITS, qty: 5 });
    for (let round = 0; round < processors.length; round++) await settle();

    expect(await json(`/api/views/orders/${FITS}`)).toEqual({ ...order(FITS, 5), status: "confirmed" });
    expect(await json(`/api/views/orders-view/${TOO_MUCH}`)).toEqual({ ...order(TOO_MUCH, 6), status: "failed" });
    const { events } = (await json("/log?limit=1000&category=orders")) as { events: (RecordedEvent & { data: { status?: string } })[] };
    expect(events.map(({ stream, data }) => `${stream} ${data.status}`).toSorted()).toEqual(
      [`orders/${FITS} confirmed`, `orders/${FITS} pending`, `orders/${TOO_MUCH} failed`, `orders/${TOO_MUCH} pending`].toSorted(),
    );
    const all = (await json("/log?limit=1000")).events as RecordedEvent[];
    const joined = all.filter(({ stream }) => stream.startsWith("order-with-stock/"));
    // The streams have no order among themselves.
    const quantity = ({ data }: RecordedEvent) => (data as { order: { qty: number } }).order.qty;
    expect(joined.toSorted((a, b) => quantity(a) - quantity(b)).map(({ data }) => data)).toEqual(
      processors.length === 1
        ? []
        : [5, 6].map((qty) =>
            expect.objectContaining({ order: expect.objectContaining({ qty }), product: { id: "tea", qty: 5, price: 2.5 } }),
          ),
    );
    for (const id of ["valid-orders", "invalid-orders"])
      expect(all.filter((event) => event.stream.startsWith(`${id}/`))).toHaveLength(processors.length === 1 ? 0 : 1);
    expect((await store.consumers()).filter(({ status }) => status !== "live")).toEqual([]);

    await store.wake();
    await store.alarm();
    expect(received()).toEqual([`orders/${FITS}/2`]);

    // A repeat of everything adds nothing.
    await env.VIEWS.prepare(`DELETE FROM headspring_checkpoints WHERE store = ?`).bind(name).run();
    await settle();
    expect((await json("/log/head")).head).toBe(all.length);

    const deleted = await read(await store.send("DELETE", `/api/streams/${stream.id}`));
    expect(deleted).toEqual({ id: stream.id, name: "orders", deleted: true });
    for (const [method, path, body] of [
      ["GET", `/api/streams/${stream.id}`],
      ["DELETE", `/api/streams/${stream.id}`],
      ["POST", "/api/streams/orders", order(FITS, 1)],
      ["POST", "/api/streams", { name: "orders", schema: ORDERS }],
      ["GET", `/api/views/orders/${FITS}`],
    ] as const) {
      const answer = await store.send(method, path, body);
      expect([method, path, answer.status, (await read(answer)).code]).toEqual([method, path, 410, "category-retired"]);
    }
  });
});

/** A quiet store with the streams `orders` and `products`. */
async function shop(name: string) {
  const quiet = quietStore(name);
  const api = (path: string, body: unknown) => created(quiet.post(`/api/${path}`, body));
  await api("streams", { name: "orders", schema: ORDERS });
  await api("streams", { name: "products", schema: PRODUCTS, viewable: true });
  const refused = async (path: string, body: unknown, method = "POST", headers: Record<string, string> = {}) => {
    const answer = await quiet.send(method, `/api/${path}`, body, headers);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    return { status: answer.status, headers: answer.headers, ...(await read(answer)) };
  };
  return { ...quiet, api, refused };
}

describe("a stream", () => {
  it("accepts records that fit, also several with one id, and refuses others", async () => {
    const { api, refused, json } = await shop("records");
    for (const qty of [1, 2])
      expect(await api("streams/orders", order(FITS, qty))).toMatchObject({ stream: `orders/${FITS}`, version: qty });
    const { status: _status, ...incomplete } = order(FITS, 1);
    for (const record of [order("1", 1), { ...order(FITS, 1), qty: "1" }, incomplete, [order(FITS, 1)], "text", null])
      expect(await refused("streams/orders", record)).toMatchObject({ status: 400 });
    expect(await refused("streams/unknown", {})).toMatchObject({ status: 404, code: "unknown-category" });
    expect(await refused("streams/reading", {})).toMatchObject({ status: 400 });
    expect((await json("/log/head")).head).toBe(2);
  });

  it("is found by its id and its name, and listed", async () => {
    const { json, api } = await shop("found");
    const list = await json("/api/streams");
    expect(list).toEqual([
      { id: expect.stringMatching(UUID), name: "orders", schema: ORDERS },
      { id: expect.stringMatching(UUID), name: "products", schema: PRODUCTS },
    ]);
    for (const one of list) {
      expect(await json(`/api/streams/${one.id}`)).toEqual(one);
      expect(await json(`/api/streams/${one.name}`)).toEqual(one);
    }
    expect(await api(`streams/${list[1].id}`, { id: "tea", qty: 1, price: 1 })).toMatchObject({ stream: "products/tea" });
  });

  it("gets a name that can be part of a URL", async () => {
    const { refused, send } = await shop("names");
    expect(await refused("streams", { name: "orders", schema: ORDERS })).toMatchObject({ status: 400, reason: "name-in-use" });
    expect(await refused("streams", { name: "reading", schema: {} })).toMatchObject({ status: 400, reason: "declared-in-code" });
    await send("PUT", "/views/sales-view", { from: "orders" });
    expect(await refused("streams", { name: "sales", schema: {}, viewable: true })).toMatchObject({
      status: 400,
      detail: expect.stringContaining("sales-view"),
    });
    for (const body of [
      { name: "no name", schema: {} },
      { schema: {} },
      { name: "x" },
      { name: "x", schema: { a: "text" } },
      [],
      '"x"',
      { name: "x", schema: {}, viewable: 1 },
      { name: "x", schema: {}, more: 1 },
    ])
      expect(await refused("streams", body)).toMatchObject({ status: 400, code: "invalid-request", issues: [expect.anything()] });
  });

  it("is not made if the view that shows it cannot be", async () => {
    const { send, json, refused, store } = await shop("viewless");
    const viewable = (name: string) => refused("streams", { name, schema: {}, viewable: true });
    const long = "s".repeat(60);
    expect(await viewable(long)).toMatchObject({ status: 400, detail: expect.stringContaining("the name must match") });
    await send("PUT", "/views/Sales-View", { from: "orders" });
    expect(await viewable("sales")).toMatchObject({ status: 400, reason: "name-in-use", name: "Sales-View" });
    const catalog = env.CATALOGS.getByName(store);
    for (let view = 0; view < DEFINITIONS - 2; view++)
      await catalog.declareDefinition({ kind: "view", name: `view-${view}`, definition: JSON.stringify({ from: "orders" }) });
    expect(await viewable("customers")).toMatchObject({ status: 400, reason: "too-many-definitions" });
    expect((await json("/api/streams")).map(({ name }: { name: string }) => name)).toEqual(["orders", "products"]);
    expect(await refused("views", { name: "one-more", from: "orders" })).toMatchObject({ status: 400, reason: "too-many-definitions" });
  });

  it("belongs to the first of two clients that make it at the same moment", async () => {
    const { refused, api, store } = await shop("at-once");
    const spy = interceptCatalog(store, "declare", (real) => async (...given) => {
      await real(...given);
      return real(...given);
    });
    expect(await refused("streams", { name: "sales", schema: {} })).toMatchObject({ status: 400, reason: "name-in-use" });
    spy.mockRestore();
    const full = interceptCatalog(store, "declareDefinition", () => async () => ({ outcome: "full" }));
    expect(await refused("streams", { name: "seen", schema: {}, viewable: true })).toMatchObject({ reason: "too-many-definitions" });
    full.mockRestore();
    expect(await api("views", { name: "seen-view", from: "seen" })).toMatchObject({ name: "seen-view" });
  });

  it("without a schema is made by the processor that writes to it, and accepts records as well", async () => {
    const { api, json, refused } = await shop("made");
    await api("processors", { name: "copies", from: "orders", filter: {} });
    expect((await json("/api/streams")).map(({ name, schema }: { name: string; schema: object }) => [name, schema])).toContainEqual([
      "copies",
      {},
    ]);
    expect(await api("streams/copies", { id: 7, any: [1] })).toMatchObject({ stream: "copies/7" });
    expect((await api("streams/copies", { any: 1 })).stream).toMatch(/^copies\/[0-9a-f-]{36}$/);
    for (const id of ["", "..", "a/b", "a\u0000b"])
      expect(await refused("streams/copies", { id })).toMatchObject({ status: 400, issues: [{ path: "id" }] });
  });
});

describe("a processor", () => {
  it("creates no streams when it is refused", async () => {
    const { refused, json } = await shop("refused");
    const cases: [body: object, status: number][] = [
      [{ name: "a", from: "orders" }, 400],
      [{ name: "a", from: "orders", filter: { qty: { $lte: "many" } }, to: "made" }, 400],
      [{ name: "a", from: "orders", join: { with: "nothing", by: "productId" }, to: "made" }, 404],
      [{ name: "a", from: "nothing", filter: {}, to: "made" }, 404],
      [{ name: "a", from: "orders", filter: {}, to: "counter" }, 400],
      [{ name: "not a stream", from: "orders", filter: {} }, 400],
      [{ name: "a".repeat(257), from: "orders", filter: {}, to: "made" }, 400],
      [{ name: "a", from: "orders", branch: {}, to: "made" }, 400],
      [{ from: "orders", filter: {}, to: "made" }, 400],
      [{ name: "a", from: ["orders"], filter: {}, to: "made" }, 400],
    ];
    for (const [body, status] of cases) expect([body, (await refused("processors", body)).status]).toEqual([body, status]);
    expect((await json("/api/streams")).map(({ name }: { name: string }) => name)).toEqual(["orders", "products"]);
    expect(await json("/api/processors")).toEqual([]);
  });

  it("creates no streams when the store has no room for it", async () => {
    const { refused, json, store } = await shop("full");
    const catalog = env.CATALOGS.getByName(store);
    const definition = JSON.stringify({ from: "orders", steps: [{ filter: "true" }] });
    for (let one = 0; one < DEFINITIONS; one++) await catalog.declareDefinition({ kind: "processor", name: `p-${one}`, definition });
    for (const to of ["made", "orders"])
      expect(await refused("processors", { name: "a", from: "orders", filter: {}, to })).toMatchObject({ reason: "too-many-definitions" });
    expect((await json("/api/streams")).map(({ name }: { name: string }) => name)).toEqual(["orders", "products"]);
  });

  it("gets an id whatever its name, and is shown and deleted by that id", async () => {
    const { api, json, send } = await shop("ids");
    const called = "Prüfe die „Bestellung“, schnell!";
    const body = { name: called, from: "orders", filter: {}, to: "copies" };
    const [first, second] = [await api("processors", body), await api("processors", body)];
    expect(first.id).not.toBe(second.id);
    expect(await json(`/api/processors/${first.id}`)).toEqual({ id: first.id, name: called, from: "orders" });
    expect(await read(await send("DELETE", `/api/processors/${first.id}`))).toEqual({ id: first.id, name: called, deleted: true });
    for (const method of ["GET", "DELETE"]) {
      const answer = await send(method, `/api/processors/${first.id}`);
      expect([answer.status, (await read(answer)).code]).toEqual([410, "definition-deleted"]);
    }
    expect(await json("/api/processors")).toEqual([{ id: second.id, name: called, from: "orders" }]);
    expect((await send("GET", "/api/processors/unknown")).status).toBe(404);
  });

  it.each(["views", "processors"])("that nobody declared is 404, also in a store that has none: %s", async (kind) => {
    const answer = await freshStore("bare").get(`/api/${kind}/nothing`);
    expect([answer.status, (await read(answer)).code]).toEqual([404, `unknown-${kind.slice(0, -1)}`]);
  });

  it("is the same when it is sent again with its Idempotency-Key", async () => {
    const { post, json, refused } = await shop("again");
    const body = { name: "a", from: "orders", filter: {} };
    const send = () => created(post("/api/processors", body, { "idempotency-key": "once" }));
    expect(await send()).toEqual(await send());
    const other = await refused("processors", { ...body, to: "others" }, "POST", { "idempotency-key": "once" });
    expect(other).toMatchObject({ status: 400, reason: "idempotency-conflict" });
    expect(await json("/api/processors")).toHaveLength(1);
  });
});

describe("a view", () => {
  it("sums by a field, with the function that it names", async () => {
    const { api, json, get, settle } = await shop("sums");
    await api("processors", { name: "joined", from: "orders", ...JOIN });
    await api("views", {
      name: "customer-total",
      from: "joined",
      groupBy: "customerId",
      aggregate: { init: 0, function: "$acc + ($qty * $product.price)" },
    });
    const [total, again] = [0, 1].map(() =>
      api("views", {
        filter: { qty: { $gte: 0 } },
        name: "repeated",
        from: "orders",
        groupBy: "customerId",
        aggregate: { function: "$acc + 1", init: 0 },
        exposed: false,
      }),
    );
    expect(await total).toEqual(await again);
    await api("views", { name: "big", from: "orders", groupBy: "customerId", filter: { qty: { $gte: 3 } } });
    await api("streams/products", { id: "tea", qty: 5, price: 2.5 });
    for (const [index, id] of [FITS, TOO_MUCH].entries()) await api("streams/orders", order(id, index + 2));
    await settle();
    expect(await json("/api/views/customer-total/c1")).toEqual({ id: "c1", value: 12.5 });
    expect(await json("/api/views/big/c1")).toMatchObject({ id: "c1", qty: 3 });
    expect((await get("/api/views/big/c2", { prefer: "wait=0" })).status).toBe(404);
  });

  it("is found by the name of its stream if it shows the latest records and is not hidden", async () => {
    const { api, json, refused, get } = await shop("names");
    await api("streams/products", { id: "tea", qty: 5, price: 2.5 });
    expect(await json("/api/views/products/tea")).toEqual({ id: "tea", qty: 5, price: 2.5 });
    expect(await json("/api/views/products-view/tea")).toEqual({ id: "tea", qty: 5, price: 2.5 });
    const hidden = { name: "orders-hidden", from: "orders", exposed: false };
    const { id } = await api("views", hidden);
    expect(await api("views", hidden)).toEqual({ id, name: "orders-hidden", from: "orders" });
    for (const path of ["views/orders/x", "views/orders-hidden/x", "views/unknown/x", "views/unknown"])
      expect(await refused(path, undefined, "GET")).toMatchObject({ status: 404, code: "unknown-view" });
    expect(await refused("views/products/none", undefined, "GET", { prefer: "wait=0" })).toMatchObject({
      status: 404,
      code: "unknown-row",
    });
    expect((await get("/api/views/products/tea")).headers.get("headspring-position")).toBe("1");
  });

  it("keeps its name; deleted and made again, it has another id", async () => {
    const { api, refused, send, json } = await shop("kept");
    const body = { name: "v", from: "orders" };
    const { id } = await api("views", body);
    expect(await refused("views", { ...body, groupBy: "customerId" })).toMatchObject({ status: 400, reason: "name-in-use" });
    expect(await refused("views", { name: "totals", from: "orders" })).toMatchObject({ status: 400, reason: "name-in-use" });
    expect(await read(await send("DELETE", `/api/views/${id}`))).toEqual({ id, name: "v", deleted: true });
    expect(await refused("views/v/x", undefined, "GET")).toMatchObject({ status: 410 });
    const again = await api("views", body);
    expect(again.id).not.toBe(id);
    expect(await refused(`views/${id}`, undefined, "GET")).toMatchObject({ status: 410 });
    expect(await json(`/api/views/${again.id}`)).toEqual(again);
    await api("processors", { name: "j", from: "orders", ...JOIN });
    expect(await refused("views/products-view", undefined, "DELETE")).toMatchObject({ status: 400, reason: "view-in-use" });
    expect((await json("/api/views")).map(({ name }: { name: string }) => name)).toEqual(["products-view", "v"]);
  });

  it.each([
    { name: "v" },
    { from: "orders" },
    { name: "v", from: "orders", exposed: 1 },
    { name: "v", from: "orders", groupBy: 1 },
    { name: "v", from: "orders", aggregate: {} },
    { name: "v", from: "orders", aggregate: { init: 0 } },
    { name: "v", from: "orders", aggregate: { init: 0, function: "process.exit()" } },
    { name: "v", from: "orders", aggregate: { init: 0, function: "$acc", more: 1 } },
    { name: "v", from: "orders", columns: {} },
    { name: "v", from: "orders", filter: 1 },
    { name: "Products-View", from: "orders" },
  ])("that is %j is a 400", async (body) => {
    const { refused } = await sharedShop();
    expect(await refused("views", body)).toMatchObject({ status: 400 });
  });
});

it("a view of an unknown stream is a 404", async () => {
  const { refused } = await sharedShop();
  expect(await refused("views", { name: "v", from: "nothing" })).toMatchObject({ status: 404, code: "unknown-category" });
});

let shared: ReturnType<typeof shop> | undefined;
const sharedShop = () => (shared ??= shop("shared"));

describe("an answer", () => {
  it("has the status that Sourcery's documents list", async () => {
    const { refused } = await shop("statuses");
    expect(await refused("streams", "{", "POST")).toMatchObject({ status: 400, code: "invalid-json" });
    for (const accept of ["application/xml", "text/html, application/json;q=0", "text/csv"])
      expect(await refused("streams", undefined, "GET", { accept })).toMatchObject({ status: 406, code: "not-acceptable" });
    expect(await refused("streams", "<a/>", "POST", { "content-type": "text/xml" })).toMatchObject({ status: 406 });
    expect(await refused("streams", `"${"x".repeat(300_000)}"`)).toMatchObject({ status: 400, reason: "body-too-large" });
    expect(await refused("nothing", undefined, "GET")).toMatchObject({ status: 404, code: "not-found" });
    for (const [method, path, allow] of [
      ["PUT", "streams", "GET, POST, HEAD"],
      ["PATCH", "streams/orders", "GET, POST, DELETE, HEAD"],
      ["POST", "processors/x", "GET, DELETE, HEAD"],
      ["DELETE", "views/x/y", "GET, HEAD"],
    ] as const) {
      const answer = await refused(path, undefined, method);
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    }
  });

  it("is JSON for a client that accepts anything", async () => {
    const { get } = await shop("accept");
    for (const accept of ["*/*", "text/html, */*;q=0.1", "application/*", "application/json"])
      expect((await get("/api/streams", { accept })).status).toBe(200);
  });

  it("is 404 where the worker is not configured for it, and concerns the default store when the path names none", async () => {
    const off = createHttp(app);
    for (const path of ["/api/streams", "/api", "/stores/x/api/views"]) {
      const answer = await off.request(path, {}, env);
      expect([answer.status, (await read(answer)).code]).toEqual([404, "not-found"]);
    }
    expect((await createHttp(app, { sourcery: true }).request("/api/streams", {}, env)).status).toBe(200);
  });
});

describe("a token", () => {
  const token = (name: string, more: object) => ({
    name,
    sha256: createHash("sha256").update(`hs_${name}`).digest("hex"),
    stores: ["*"],
    ...more,
  });
  const guarded = envWith({
    HEADSPRING_ENV: "deployed",
    API_TOKENS: JSON.stringify([
      token("reader", { rights: ["read"] }),
      token("writer", { rights: ["write"] }),
      token("admin", { rights: ["read", "write", "admin"] }),
      token("narrow", { rights: ["read", "write", "admin"], categories: ["orders"], views: ["orders"] }),
    ]),
  });
  const { store } = freshStore("tokens");
  const http = createHttp(app, { sourcery: true });
  const ask = async (authorization: string, method: string, path: string, body?: unknown) => {
    const headers: Record<string, string> = authorization ? { authorization } : {};
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return (await http.request(`/stores/${store}${path}`, init, guarded)).status;
  };
  const STREAM = { name: "orders", schema: {}, viewable: true };

  it("is accepted here with or without Bearer, and elsewhere only with it", async () => {
    expect(await ask("hs_admin", "POST", "/api/streams", STREAM)).toBe(201);
    expect(await ask("Bearer hs_reader", "GET", "/api/streams")).toBe(200);
    for (const authorization of ["", "hs_nobody", "Bearer hs_nobody", "Basic hs_admin", "hs_admin hs_admin"])
      expect([authorization, await ask(authorization, "GET", "/api/streams")]).toEqual([authorization, 401]);
    expect(await ask("hs_admin", "GET", "/streams")).toBe(401);
    expect(await ask("hs_admin", "PUT", "/api/streams")).toBe(405);
  });

  it("needs the same rights as on the corresponding routes elsewhere", async () => {
    const asked = [
      ["POST", "/api/streams", "admin"],
      ["DELETE", "/api/streams/unknown", "admin"],
      ["POST", "/api/processors", "admin"],
      ["DELETE", "/api/processors/unknown", "admin"],
      ["POST", "/api/views", "admin"],
      ["DELETE", "/api/views/unknown", "admin"],
      ["POST", "/api/streams/unknown", "writer"],
      ["GET", "/api/streams", "reader"],
      ["GET", "/api/streams/unknown", "reader"],
      ["GET", "/api/processors", "reader"],
      ["GET", "/api/processors/unknown", "reader"],
      ["GET", "/api/views", "reader"],
      ["GET", "/api/views/unknown", "reader"],
      ["GET", "/api/views/unknown/1", "reader"],
    ] as const;
    for (const [method, path, needed] of asked) {
      for (const name of ["reader", "writer", "admin"]) {
        const status = await ask(`hs_${name}`, method, path, method === "POST" ? {} : undefined);
        expect([name, method, path, status === 403]).toEqual([name, method, path, name !== "admin" && name !== needed]);
      }
    }
  });

  it("that is narrowed reads and writes what it is narrowed to, and no view under the name of its stream", async () => {
    expect(await ask("hs_narrow", "POST", "/api/streams/orders", { id: "1" })).toBe(201);
    expect(await ask("hs_narrow", "GET", "/api/streams/orders")).toBe(200);
    expect(await ask("hs_reader", "GET", "/api/views/orders/1")).toBe(200);
    for (const [method, path] of [
      ["GET", "/api/views/orders/1"],
      ["GET", "/api/views/orders-view/1"],
      ["GET", "/api/streams"],
      ["GET", "/api/streams/products"],
      ["POST", "/api/streams"],
      ["POST", "/api/processors"],
      ["GET", "/api/views"],
    ] as const)
      expect([path, await ask("hs_narrow", method, path, method === "POST" ? {} : undefined)]).toEqual([path, 403]);
  });
});
