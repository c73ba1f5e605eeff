import { createHash } from "node:crypto";
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WEBHOOKS } from "../../../src/http/limits.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";
import { subscribed } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

const URL = "http://receiver.test/hook";

/** A request as a deployment sees it, where tokens are asked for and the network is not one's own. */
async function postDeployed(path: string, body: object): Promise<Response> {
  const API_TOKENS = JSON.stringify([{ name: "test", sha256: createHash("sha256").update("token").digest("hex"), rights: ["admin"] }]);
  const request = new Request(`http://headspring${path}`, {
    method: "POST",
    headers: { authorization: "Bearer token" },
    body: JSON.stringify(body),
  });
  return createHttp(app).fetch(request, { ...env, HEADSPRING_ENV: "deployed", API_TOKENS });
}

describe("a webhook", () => {
  it("is created, and shows its secret this once", async () => {
    const { post, json } = quietStore("create");
    const response = await post("/webhooks", { url: URL, types: ["Read"], categories: ["reading"], description: "for the tests" });
    expect(response.status).toBe(201);
    const created = await read(response);
    expect(created).toEqual({
      id: expect.stringMatching(/^wh_[0-9a-f]{32}$/),
      url: URL,
      types: ["Read"],
      categories: ["reading"],
      description: "for the tests",
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      createdAt: expect.stringMatching(/Z$/),
      origin: "api",
      status: "live",
      position: 0,
      pending: 0,
      parked: 0,
      attempts: 0,
      totals: { delivered: 0, failed: 0, parked: 0, skipped: 0 },
      health: {},
      replays: [],
    });
    expect(response.headers.get("location")).toMatch(new RegExp(`/webhooks/${created.id}$`));

    const { secret: _secret, ...shown } = created;
    expect(await json(`/webhooks/${created.id}`)).toEqual(shown);
    expect(JSON.stringify(await json("/webhooks"))).not.toContain(created.secret);
    expect(JSON.stringify(await json("/consumers"))).not.toContain(created.secret);
  });

  it("accepts the client's own secret", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    expect((await subscribed("own", { secret })).webhook.secret).toBe(secret);
  });

  it("begins at the log's head by default, and never after it", async () => {
    const { read: append, post } = quietStore("from");
    for (const value of [1, 2, 3]) await append("s", value);
    const positionOf = async (from: object) => (await read(await post("/webhooks", { url: URL, ...from }))).position;
    expect(await positionOf({})).toBe(3);
    expect(await positionOf({ from: "head" })).toBe(3);
    expect(await positionOf({ from: 1 })).toBe(1);
    expect(await positionOf({ from: 0 })).toBe(0);
    expect(await positionOf({ from: 3 })).toBe(3);
    expect((await post("/webhooks", { url: URL, from: 4 })).status).toBe(409);
  });

  it("that begins in the past is woken at once", async () => {
    const { read: append, post, sent } = quietStore("past");
    await append("s", 1);
    const { id } = await read(await post("/webhooks", { url: URL, from: 0 }));
    await eventually(() => expect(sent().map(({ body }) => body)).toContainEqual(expect.objectContaining({ consumers: [id], head: 1 })));
  });

  it("is listed in its store, and among the consumers, and in no other store", async () => {
    const { webhook, json, consumer } = await subscribed("list");
    expect((await json("/webhooks")).webhooks).toEqual([expect.objectContaining({ id: webhook.id, url: webhook.url })]);
    expect(await consumer(webhook.id)).toMatchObject({ kind: "webhook", status: "live", lag: 0 });
    const other = quietStore("other");
    expect((await other.json("/webhooks")).webhooks).toEqual([]);
    expect((await other.get(`/webhooks/${webhook.id}`)).status).toBe(404);
  });

  it("lags while it has not been woken", async () => {
    const { webhook, read: append, consumer, wake } = await subscribed("lag");
    await append("s", 1);
    expect(await consumer(webhook.id)).toMatchObject({ status: "catching-up", position: 0, head: 1, lag: 1 });
    await wake();
    expect(await consumer(webhook.id)).toMatchObject({ status: "live", position: 1, lag: 0 });
  });

  it("is gone once it is deleted", async () => {
    const { webhook, send, get, json } = await subscribed("delete");
    const response = await send("DELETE", `/webhooks/${webhook.id}`);
    expect(response.status).toBe(204);
    expect((await get(`/webhooks/${webhook.id}`)).status).toBe(404);
    expect((await send("DELETE", `/webhooks/${webhook.id}`)).status).toBe(404);
    expect((await json("/webhooks")).webhooks).toEqual([]);
    expect((await json("/consumers")).consumers.map(({ name }: { name: string }) => name)).not.toContain(webhook.id);
  });

  it.each(["wh_0198c0de000070008000000000000001", "wh_", "nothing", "values"])("that never existed is unknown: %s", async (id) => {
    const { get, send } = quietStore("unknown");
    expect(await read(await get(`/webhooks/${id}`))).toMatchObject({ status: 404, code: "unknown-webhook" });
    expect((await send("DELETE", `/webhooks/${id}`)).status).toBe(404);
  });
});

describe("a webhook that does not exist (any more)", () => {
  it.each([
    ["PATCH", "", { description: "x" }],
    ["POST", "/rotate-secret", {}],
    ["POST", "/test", {}],
    ["POST", "/replay", { from: 1 }],
    ["POST", "/replay?dryRun=true", { from: 1 }],
    ["GET", "/deliveries", undefined],
    ["POST", "/deliveries/retry", {}],
    ["POST", "/deliveries/0-1/retry", {}],
  ])("is unknown on every route, and leaves no database behind: %s %s", async (method, path, body) => {
    const { store, send, object, tables } = await subscribed("nobody");
    await object.remove();
    const id = "wh_0198c0de000070008000000000000001";
    for (const name of [object.name?.split("/")[1], id]) {
      const response = await send(method, `/webhooks/${name}${path}`, body);
      expect(await read(response)).toMatchObject({ status: 404, code: "unknown-webhook" });
    }
    expect(await tables()).toEqual([]);
    const never = env.WEBHOOKS.getByName(`${store}/${id}`);
    expect(await never.retry("0-1")).toBeUndefined();
    expect(await never.control("pause")).toBeUndefined();
    expect(await never.countControl("retry")).toBeUndefined();
    expect(await never.replay({ from: { position: 1 } })).toBeUndefined();
    expect(await never.countReplay({ from: { position: 1 } })).toBeUndefined();
    expect(await never.deliveriesOf([1])).toBeUndefined();
    expect(await never.sendTest()).toBeUndefined();
    expect(await never.wake()).toBe(Number.MAX_SAFE_INTEGER);
    const kept = await runInDurableObject(never as DurableObjectStub, (_instance, { storage }) => [...storage.kv.list()]);
    expect(kept).toEqual([]);
  });
});

describe("a store", () => {
  it("has a bounded number of webhooks", async () => {
    const { store, post } = quietStore("full");
    const getByName = env.LOGS.getByName.bind(env.LOGS);
    vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
      const real = getByName(name);
      if (name !== store) return real;
      const subscribers = async () => Array.from({ length: WEBHOOKS }, (_, index) => `wh_${index}`);
      return new Proxy(real, { get: (target, property) => (property === "subscribers" ? subscribers : Reflect.get(target, property)) });
    });
    expect(await read(await post("/webhooks", { url: URL }))).toMatchObject({ status: 409, code: "too-many-webhooks" });
  });
});

describe("a request for a webhook", () => {
  it.each([
    ["no URL", {}, "url"],
    ["an invalid URL", { url: "receiver" }, "url"],
    ["another scheme", { url: "ftp://receiver.test/" }, "url"],
    ["credentials in the URL", { url: "https://user:password@receiver.test/" }, "url"],
    ["a URL too long", { url: `https://receiver.test/${"x".repeat(2_048)}` }, "url"],
    ["no types at all", { url: URL, types: [] }, "types"],
    ["an impossible type", { url: URL, types: ["order placed"] }, "types.0"],
    ["an impossible category", { url: URL, categories: ["a/b"] }, "categories.0"],
    ["too many types", { url: URL, types: Array.from({ length: 101 }, () => "Read") }, "types"],
    ["a beginning before the beginning", { url: URL, from: -1 }, "from"],
    ["a beginning between two events", { url: URL, from: 1.5 }, "from"],
    ["a beginning at the end", { url: URL, from: "tail" }, "from"],
    ["a secret too short", { url: URL, secret: "whsec_c2hvcnQ=" }, "secret"],
    ["an invalid secret", { url: URL, secret: "secret" }, "secret"],
    ["an unknown field", { url: URL, retries: 3 }, "retries"],
  ])("with %s is refused, with the place of the mistake", async (_what, body, path) => {
    const { post, json } = quietStore("invalid");
    const response = await post("/webhooks", body);
    expect(response.status).toBe(400);
    expect(await read(response)).toMatchObject({ code: "invalid-request", issues: [expect.objectContaining({ path })] });
    expect((await json("/webhooks")).webhooks).toEqual([]);
  });

  it.each(["http://localhost:8788/", "https://127.0.0.1/", "https://10.0.0.1/", "http://example.com/"])(
    "that points into the deployment's own network, or is unencrypted, is accepted in development only: %s",
    async (url) => {
      expect((await quietStore("local").post("/webhooks", { url })).status).toBe(201);
      const deployed = await postDeployed("/webhooks", { url });
      expect(deployed.status).toBe(400);
      expect(await read(deployed)).toMatchObject({ code: "invalid-request", issues: [{ path: "url" }] });
    },
  );

  it.each(["", "[]", "null", "{"])("whose body is not a definition is refused: %j", async (body) => {
    expect((await quietStore("body").post("/webhooks", body)).status).toBe(400);
  });
});
