/** Each attempt at a delivery is on record, and is found by the event's position. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { DeliveryTable } from "../../../src/deliveries/delivery-table.ts";
import { eventually } from "../delivery/support.ts";
import { read as readJson } from "../support.ts";
import { clock, endpointAt, subscribed } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

const OK = () => new Response(null, { status: 204 });
const FAILED = () => new Response("no", { status: 500 });
const at = (ms: number) => new Date(ms).toISOString();

/** A webhook whose first delivery has failed once, under a clock of the test's own. */
async function failedOnce(name: string) {
  const store = await subscribed(name);
  const time = clock();
  store.endpoint.answer = FAILED;
  await store.read("s", 1);
  await store.wake();
  await eventually(async () => expect(await store.report()).toMatchObject({ attempts: 1 }));
  const deliveriesOf = async (...positions: number[]) =>
    (await store.json(`/webhooks/deliveries?${positions.map((position) => `position=${position}`).join("&")}`)).deliveries;
  return { ...store, time, deliveriesOf };
}

it("the later events of a stream count as waiting behind the delivery that they wait for, and behind no other of the stream", async () => {
  const { read, wake, endpoint, report, json, webhook } = await subscribed("behind");
  const behind = async () =>
    (await json(`/webhooks/${webhook.id}/deliveries`)).deliveries.map((one: { position: number; behind?: number }) => [
      one.position,
      one.behind,
    ]);
  await read("s", 1);
  await wake();
  await eventually(async () => expect(await report()).toMatchObject({ totals: { delivered: 1 } }));
  endpoint.answer = FAILED;
  for (const value of [2, 3, 4]) await read("s", value);
  await wake();
  await eventually(async () =>
    expect(await behind()).toEqual([
      [2, 2],
      [1, undefined],
    ]),
  );
});

describe("the deliveries of an event", () => {
  it("show every attempt with its time, its answer and why it failed, as the webhook's own list does", async () => {
    const { time, alarm, endpoint, report, deliveriesOf, json, webhook } = await failedOnce("history");
    const begun = time.now();
    endpoint.answer = () => Promise.reject(new TypeError("connection refused"));
    time.pass(5_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 2 }));
    const pending = { webhook: webhook.id, url: webhook.url, id: "1", position: 1, stream: "reading/s", type: "Read" };
    const failures = [
      { at: at(begun), durationMs: 0, response: 500, error: "answered 500" },
      { at: at(begun + 5_000), durationMs: 0, error: "TypeError: connection refused" },
    ];
    expect(await deliveriesOf(1)).toEqual([
      expect.objectContaining({ ...pending, status: "pending", attempts: 2, nextAttemptAt: at(begun + 305_000), history: failures }),
    ]);

    endpoint.answer = OK;
    time.pass(300_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0 }));
    const history = [...failures, { at: at(begun + 305_000), durationMs: 0, response: 204 }];
    const [delivered] = await deliveriesOf(1);
    expect(delivered).toMatchObject({ ...pending, status: "delivered", attempts: 3, history });
    expect(delivered).not.toHaveProperty("nextAttemptAt");
    const { webhook: _id, url: _url, ...listed } = delivered;
    expect((await json(`/webhooks/${webhook.id}/deliveries`)).deliveries).toEqual([listed]);
  });

  it("are those of all webhooks and replays, in the order of the events", async () => {
    const { read, wake, post, webhook, report, time, alarm, endpoint, deliveriesOf } = await failedOnce("all");
    const url = "http://history-other.test/";
    endpointAt(url);
    const other = await readJson(await post("/webhooks", { url, from: 0, types: ["Read"] }));
    await read("t", 1);
    await post("/streams/reading/t", { type: "Calibrated", data: {} });
    endpoint.answer = OK;
    time.pass(5_000);
    await alarm();
    for (const id of [webhook.id, other.id]) await wake(id);
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0, position: 3 }));
    await post(`/webhooks/${webhook.id}/replay`, { from: 2, to: 2 });
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0, replays: [] }));
    const named = (deliveries: { webhook: string; id: string; url: string }[]) => deliveries.map((one) => [one.id, one.webhook, one.url]);
    await eventually(async () => {
      const deliveries = named(await deliveriesOf(3, 2, 1, 99));
      expect(deliveries.map(([id]) => id?.split("-")[0])).toEqual(["1", "1", "2", "2", "2", "3"]);
      expect(new Set(deliveries.map(String))).toEqual(
        new Set([
          ...["1", "2", "2-1", "3"].map((id) => `${id},${webhook.id},${webhook.url}`),
          ...["1", "2"].map((id) => `${id},${other.id},${url}`), // the third is of a type that it does not want
        ]),
      );
    });
    expect(await deliveriesOf(99)).toEqual([]);
  });

  it("count as attempts only what was sent: neither an operator's decision nor an erasure of the event", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { post, send, read, wake, webhook, report, time, alarm, endpoint, deliveriesOf } = await failedOnce("no-attempt");
    endpoint.answer = ({ stream }) => (stream === "reading/erased" ? FAILED() : OK());
    await read("erased", 1);
    await wake();
    await eventually(async () => expect((await deliveriesOf(2))[0]).toMatchObject({ status: "pending" }));
    expect((await post(`/consumers/${webhook.id}/skip`, { position: 1 })).ok).toBe(true);
    const attempt = { at: expect.any(String), durationMs: 0, response: 500, error: "answered 500" };
    expect(await deliveriesOf(1)).toMatchObject([{ status: "parked", error: "skipped by an operator: answered 500", history: [attempt] }]);
    await send("DELETE", "/streams/reading/erased?erase=true");
    time.pass(5_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0 }));
    expect(await deliveriesOf(2)).toMatchObject([{ status: "skipped", error: "the event was erased", history: [attempt] }]);

    // Tried again, it is one more attempt, next to the one before it.
    endpoint.answer = OK;
    await post(`/webhooks/${webhook.id}/deliveries/1/retry`, undefined);
    await eventually(async () => expect(await deliveriesOf(1)).toMatchObject([{ status: "delivered", attempts: 1 }]));
    expect((await deliveriesOf(1))[0].history).toMatchObject([attempt, { response: 204 }]);
  });

  it("show the latest 20 attempts, and are found among the latest 20 replays, whatever happens in between", async () => {
    const { storage, deliveriesOf } = await failedOnce("bounded");
    const event = { stream: "reading/s", type: "Read" };
    await storage(({ sql }) => {
      const table = new DeliveryTable(sql);
      const failed = { delivered: false, error: "x".repeat(2_000), durationMs: 7 };
      for (let now = 1; now <= 100; now++) table.record({ run: 0, position: 1 }, event, "pending", now, failed, now, now + 1);
      for (let run = 1; run <= 30; run++)
        table.record({ run, position: 1 }, event, "delivered", 1, { delivered: true, durationMs: 1 }, run, undefined);
    });
    const deliveries = await deliveriesOf(1);
    expect(deliveries.map(({ id }: { id: string }) => id)).toEqual(["1", ...Array.from({ length: 20 }, (_, index) => `1-${index + 11}`)]);
    const { history } = deliveries[0];
    expect(history.map((one: { at: string }) => Date.parse(one.at))).toEqual(Array.from({ length: 20 }, (_, index) => 81 + index));
    expect(JSON.stringify(history.slice(0, -1)).length).toBeLessThan(6_000);
  });

  it("in a ledger from before attempts were noted show the last one, and from then on all", async () => {
    const { storage, evict, time, alarm, report, deliveriesOf } = await failedOnce("before");
    await storage(({ sql }) => void sql.exec(`ALTER TABLE deliveries DROP COLUMN earlier`));
    await evict();
    expect((await deliveriesOf(1))[0].history).toHaveLength(1);
    time.pass(5_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 2 }));
    expect((await deliveriesOf(1))[0]).toMatchObject({ attempts: 2, history: [{ response: 500 }, { response: 500 }] });
  });

  it("can be asked for by up to 100 positions", async () => {
    const { get, deliveriesOf } = await failedOnce("asked");
    expect(await deliveriesOf(...Array.from({ length: 100 }, (_, index) => index + 1))).toHaveLength(1);
    const many = Array.from({ length: 101 }, (_, index) => `position=${index}`).join("&");
    for (const query of ["", "?position=x", "?position=-1", "?position=1&status=parked", `?${many}`]) {
      const response = await get(`/webhooks/deliveries${query}`);
      expect([query, response.status, (await readJson(response)).code]).toEqual([query, 400, "invalid-request"]);
    }
  });
});
