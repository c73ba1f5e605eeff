/** Webhooks that the code declares: where they begin, and what operators may do. */

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { doubtful } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { read as readJson, setVariables } from "../support.ts";
import { endpointAt } from "./support.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

afterEach(() => vi.restoreAllMocks());

/** Switches them on, as a deployment does that has the variables. */
function switchOn(name: string) {
  setVariables({
    TOLD_URL: `http://${name}.test/`,
    TOLD_ALL_URL: `http://${name}.all.test/`,
    TOLD_SECRET: SECRET,
    TOLD_KEY: "k-1",
  });
  return { told: endpointAt(`http://${name}.test/`), all: endpointAt(`http://${name}.all.test/`) };
}

describe("a webhook in code", () => {
  it("is sent the events that fulfil its predicate, with its headers", async () => {
    const { told } = switchOn("predicate");
    const store = quietStore("predicate");
    for (const value of [5, 11, 10, 12]) await store.read("s", value);
    await store.wake("told");
    await eventually(() => expect(told.received.map(({ version }) => version)).toEqual([2, 4]));
    expect(Object.fromEntries(told.received[0]?.headers ?? [])).toMatchObject({ "x-told": "yes", "x-key": "k-1" });
    expect(await store.json("/webhooks/told")).toMatchObject({ origin: "code", headers: ["x-told", "x-key"], rate: 1_000, concurrency: 2 });
  });

  it("whose predicate throws sends nothing until it can decide, and then what it wants; the rest is on record as skipped", async () => {
    const { told } = switchOn("doubtful");
    const store = quietStore("doubtful");
    doubtful.active = true;
    onTestFinished(() => void (doubtful.active = false));
    await store.read("small", 5);
    await store.read("big", 11);
    await store.wake("told");
    await eventually(async () => expect(await store.json("/webhooks/told")).toMatchObject({ pending: 2, totals: { failed: 2 } }));
    const deliveries = async (): Promise<object[]> => (await store.json("/webhooks/told/deliveries")).deliveries;
    expect(await deliveries()).toMatchObject(
      [1, 2].map(() => ({ status: "pending", error: "the webhook's predicate threw: cannot decide" })),
    );
    expect(told.received).toEqual([]);
    doubtful.active = false;
    expect((await store.post("/consumers/told/retry", {})).status).toBe(200);
    await eventually(async () => expect(await store.json("/webhooks/told")).toMatchObject({ pending: 0, totals: { delivered: 1 } }));
    expect(told.received.map(({ stream }) => stream)).toEqual(["reading/big"]);
    expect(await deliveries()).toContainEqual(
      expect.objectContaining({ position: 1, status: "skipped", error: "the webhook's predicate rejects the event" }),
    );
  });

  it("that is switched on later begins with the events of that time, even if it is woken late", async () => {
    const store = quietStore("later");
    for (const value of [100, 101]) await store.read("old", value);
    const { told } = switchOn("later");
    await evictDurableObject(store.logObject()); // a deployment
    expect(await store.json("/webhooks/told")).toMatchObject({ position: 2 });
    for (const value of [102, 103]) await store.read("new", value);
    await evictDurableObject(store.logObject());
    await store.wake("told");
    await eventually(() =>
      expect(told.received.map(({ stream, version }) => `${stream}/${version}`)).toEqual(["reading/new/1", "reading/new/2"]),
    );
    expect(await store.consumer("told")).toMatchObject({ lag: 0, position: 4 });
  });

  it("is listed and measured in stores where it is switched on, and unknown in others", async () => {
    const store = quietStore("listed");
    expect(await readJson(await store.get("/webhooks/told"))).toMatchObject({ status: 404, code: "unknown-webhook" });
    expect((await store.json("/webhooks")).webhooks).toEqual([]);
    switchOn("listed");
    await evictDurableObject(env.WEBHOOKS.getByName(`${store.store}/told`)); // a deployment
    expect((await store.json("/webhooks")).webhooks).toMatchObject([
      { id: "told", origin: "code" },
      { id: "told.all", origin: "code" },
    ]);
    expect(await (await store.get("/metrics")).text()).toContain(`consumer="told.all"`);
  });

  it("begins at the beginning where its definition asks for that", async () => {
    const store = quietStore("beginning");
    await store.read("old", 1);
    const { all } = switchOn("beginning");
    await evictDurableObject(store.logObject());
    await store.read("new", 1);
    await store.wake("told.all");
    await eventually(() => expect(all.received.map(({ stream }) => stream).toSorted()).toEqual(["reading/new", "reading/old"]));
    for (const { headers } of all.received) expect(headers.get("webhook-id")).toMatch(/^msg_[0-9a-f]{32}$/); // no dot, whatever its name
  });

  it("signs with every secret that its variable holds", async () => {
    const { told } = switchOn("several");
    const another = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    setVariables({ TOLD_SECRET: `${another} ${SECRET}` });
    const store = quietStore("several");
    await store.read("s", 11);
    await store.wake("told");
    await eventually(() => expect(told.received).toHaveLength(1));
    const [{ body, headers }] = told.received as [(typeof told.received)[0]];
    for (const secret of [another, SECRET]) expect(() => new Webhook(secret).verify(body, Object.fromEntries(headers))).not.toThrow();
  });

  it("can be changed in code only, and paused anywhere", async () => {
    const { told } = switchOn("levers");
    const store = quietStore("levers");
    const change = (body: object) => store.send("PATCH", "/webhooks/told", body);
    expect(await readJson(await change({ url: "http://elsewhere.test/" }))).toMatchObject({ status: 409, code: "declared-in-code" });
    expect(await readJson(await store.post("/webhooks/told/rotate-secret", {}))).toMatchObject({ status: 409, code: "declared-in-code" });
    expect(await readJson(await store.send("DELETE", "/webhooks/told"))).toMatchObject({ status: 409, code: "declared-in-code" });
    expect(await readJson(await change({ paused: true }))).toMatchObject({ status: "paused" });
    await store.read("s", 11);
    await store.wake("told");
    expect(told.received).toEqual([]);
    await change({ paused: false });
    await eventually(() => expect(told.received).toHaveLength(1));
  });
});
