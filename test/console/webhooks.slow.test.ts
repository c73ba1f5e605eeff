/** The page of webhooks: endpoints, deliveries with their attempts and payloads, and everything that an operator does about them. */

import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { Receiver, accept } from "../../scripts/receiver.ts";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, act, expectAccessible, freshStore, made, shot, useConsole } from "./console.ts";

const SENSOR = `"s" <b>1 🫖`;
const HOSTILE = `</script><img src=x onerror="throw 1">\u202Eevil`;

describe.skipIf(IS_SKIPPED)("the page of webhooks", () => {
  const { open, store } = useConsole();
  const receivers: Receiver[] = [];
  afterEach(() => {
    for (const receiver of receivers.splice(0)) receiver.close();
  });

  async function listen(): Promise<Receiver> {
    const receiver = await Receiver.listen();
    receivers.push(receiver);
    return receiver;
  }

  /** A store with readings, and a webhook whose endpoint refuses the hostile one, behind which another of its stream waits. */
  async function blocked(name: string) {
    const client = store(name);
    const receiver = await listen();
    receiver.answer = (response, { event }) =>
      "note" in event.data ? response.writeHead(500).end(HOSTILE) : response.writeHead(204).end();
    const { id, secret } = await made(
      client.call<{ id: string; secret: string }>("/webhooks", { url: receiver.url, description: HOSTILE }),
    );
    receiver.secret = secret;
    await made(client.call("/streams/reading", { key: "sensor" }, {}, "PUT"));
    for (const data of [{ sensor: "other" }, { sensor: SENSOR, note: HOSTILE }, { sensor: SENSOR }, { sensor: "third" }])
      await made(client.call("/streams/reading", data));
    await until("the failure and its neighbours", async () => {
      const { totals, pending } = await client.get<{ totals: { delivered: number }; pending: number }>(`/webhooks/${id}`);
      return (totals.delivered === 2 && pending === 2) || undefined;
    });
    return { client, receiver, id };
  }

  it("adds a webhook, shows its secret once, tests it, changes it, rotates its secret, pauses it and deletes it", async () => {
    const name = freshStore();
    const receiver = await listen();
    const { page, errors, close } = await open("/webhooks", name);
    await page.getByText("Nothing is sent anywhere yet").waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Add a webhook" }).click();
    const form = page.getByRole("dialog", { name: "Add a webhook" });
    await form.getByLabel("URL").fill(receiver.url);
    await form.getByLabel("Event types").fill("StockReceived");
    await form.getByLabel("Headers").fill("x-key: k:1");
    await form.getByLabel("Condition").fill("{");
    await form.getByRole("button", { name: "Add it" }).click();
    await form.getByText("The condition is not JSON").waitFor();
    await form.getByLabel("Condition").fill(`{"path": "data.quantity", "op": "more", "value": 1}`);
    await form.getByRole("button", { name: "Add it" }).click();
    await form.getByRole("alert").getByText("a condition is {path, op, value}").first().waitFor();
    await expectAccessible(page);
    await shot(page, "webhook-form");
    await form.getByLabel("Condition").fill(`{"path": "data.quantity", "op": "gt", "value": 1}`);
    await form.getByRole("button", { name: "Add it" }).click();
    const shown = page.getByRole("region", { name: "Secret" });
    receiver.secret = ((await shown.textContent()) ?? "").trim();
    expect(receiver.secret).toMatch(/^whsec_/);
    await expectAccessible(page);
    await page.getByRole("button", { name: "I have kept it" }).click();
    await page.getByRole("heading", { level: 1, name: receiver.url }).waitFor();

    await page.getByRole("button", { name: "Test", exact: true }).click();
    await page.getByText(/The test arrived: the endpoint answered 204 after/).waitFor();
    await act(page, "Pause", "Events wait in the log");
    await page.getByRole("main").getByText("paused", { exact: true }).waitFor();
    await made(store(name).call("/aggregates/product/apple/ReceiveStock", { quantity: 3 }));
    await act(page, "Resume", "It goes on after position 0");
    await page
      .getByRole("table", { name: "Deliveries" })
      .or(page.getByRole("table"))
      .getByRole("link", { name: "StockReceived" })
      .waitFor();
    expect(receiver.deliveries.map(({ type }) => type)).toEqual(["$webhook.test", "StockReceived"]);

    await page.getByRole("button", { name: "Change" }).click();
    const change = page.getByRole("dialog", { name: "Change" });
    await expect.poll(() => change.getByLabel("Event types").inputValue()).toBe("StockReceived");
    await change.getByLabel("Event types").fill("");
    await change.getByLabel("Description").fill(HOSTILE);
    await change.getByRole("button", { name: "Save" }).click();
    await page.getByText("It is sent all events", { exact: false }).or(page.getByText("It is sent under a condition")).first().waitFor();
    await act(page, "Rotate the secret", "also signs for 24 hours");
    expect((await shown.textContent())?.trim()).not.toBe(receiver.secret);
    await page.getByRole("button", { name: "I have kept it" }).click();
    const [one] = (await store(name).get<{ webhooks: object[] }>("/webhooks")).webhooks;
    expect(one).toMatchObject({ description: HOSTILE, headers: ["x-key"], where: { path: "data.quantity", op: "gt", value: 1 } });
    expect(one).not.toHaveProperty("types");
    await act(page, "Delete", "are dropped with its ledger");
    await page.getByText("Nothing is sent anywhere yet").waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("shows deliveries by status, with each attempt, the answer, the payload, and what waits behind; and sends one again", async () => {
    const name = freshStore();
    const { client, receiver, id } = await blocked(name);
    for (const colorScheme of ["light", "dark"] as const) {
      const viewport = colorScheme === "dark" ? { viewport: NARROW } : {};
      const { page, errors, close } = await open("/webhooks", name, { colorScheme, ...viewport });
      await page.getByRole("link", { name: receiver.url }).waitFor();
      await expectAccessible(page);
      await shot(page, `webhooks-${colorScheme}`);
      await page.getByRole("link", { name: receiver.url }).click();
      await page.getByText("1 stream waits behind a delivery that failed").waitFor();
      await page.getByRole("link", { name: "Which ones" }).click();
      const deliveries = page.getByRole("region", { name: "Deliveries" }).getByRole("row");
      await deliveries.getByText("blocks 1 later event of its stream").waitFor();
      await expect.poll(() => deliveries.count()).toBe(2);
      await expectAccessible(page);
      await shot(page, `webhook-${colorScheme}`);
      await deliveries.getByRole("link", { name: "ReadingRecorded" }).click();
      const one = page.getByRole("dialog");
      await one.getByText("500: answered 500").first().waitFor();
      await expect.poll(() => one.getByRole("region", { name: "The last answer" }).textContent()).toContain("onerror");
      await one
        .getByRole("region", { name: "Payload" })
        .getByText(/ReadingRecorded/)
        .first()
        .waitFor();
      await expectAccessible(page);
      await shot(page, `delivery-${colorScheme}`);
      if (colorScheme === "dark") {
        receiver.answer = accept;
        await one.getByRole("button", { name: "Send it now" }).click();
        await until("the delivery", async () => (await client.get<{ pending: number }>(`/webhooks/${id}`)).pending === 0 || undefined);
      }
      expect(errors).toEqual([]);
      await close();
    }
  });

  it("gives up blocking deliveries, sends all parked ones, and replays a range, after counting each", async () => {
    const name = freshStore();
    const { client, receiver, id } = await blocked(name);
    const { page, errors, close } = await open(`/webhooks/${id}`, name);
    await act(page, "Give up what blocks", "1 stream waits");
    await page.getByText("What blocked is parked.").waitFor();
    await page.getByRole("navigation", { name: "Status of the deliveries" }).getByRole("link", { name: "parked" }).click();
    await page.getByRole("region", { name: "Deliveries" }).getByText("parked").waitFor();
    receiver.answer = accept;
    await act(page, "Send all parked", "1 parked delivery is tried again");
    await page.getByText("1 are tried again; 0 are left.").waitFor();
    await page.getByText("No delivery is parked").waitFor();
    await until(
      "all",
      async () => (await client.get<{ totals: { delivered: number } }>(`/webhooks/${id}`)).totals.delivered === 4 || undefined,
    );
    await page.getByLabel("From").fill("2");
    await page.getByLabel("to", { exact: true }).fill("3");
    expect(await act(page, "Replay", "would be sent again, up to position 3")).toContain("2 events would be sent again");
    await page.getByText("The replay up to position 3 has begun.").waitFor();
    await until("the replay", () => receiver.deliveries.length >= 7 || undefined);
    await page.getByLabel("From").fill("yesterday");
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("dialog", { name: "Replay" }).getByRole("alert").waitFor();
    expect(errors).toEqual([]);
    await close();
  });
});
