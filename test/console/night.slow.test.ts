/**
 * The operator's story: at night an effect fails, because a service that it calls does. Which event, why, what it would do again; the service is
 * fixed; it tries again, and catches up. By the console alone, from its first page on.
 */

import { createHash } from "node:crypto";
import { type Server as HttpServer, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { Server } from "../e2e/server.ts";
import { IS_SKIPPED } from "./chromium.ts";
import { act, expectAccessible, made, shot, useConsole } from "./console.ts";

const STORE = "night";
const ORDERS = 5;
/** The order that the service cannot take tonight. */
const POISON = "order-3";

const ADMIN = "the-operator-on-duty";
const READER = "somebody-who-only-reads";
const API_TOKENS = JSON.stringify([
  { name: "duty", sha256: createHash("sha256").update(ADMIN).digest("hex"), rights: ["read", "write", "admin"] },
  { name: "reader", sha256: createHash("sha256").update(READER).digest("hex"), rights: ["read"] },
]);
const AUTHORIZED = { authorization: `Bearer ${ADMIN}` };

describe.skipIf(IS_SKIPPED)("an operator at night", () => {
  const { open } = useConsole();
  let service: HttpServer;
  let server: Server;
  let isMended = false;
  const booked: string[] = [];

  beforeAll(async () => {
    service = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const { order } = JSON.parse(Buffer.concat(pieces).toString()) as { order: string };
        if (order === POISON && !isMended) return response.writeHead(503).end("no vans left");
        booked.push(order);
        return response.writeHead(200).end(`van ${booked.length}`);
      });
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    const { port } = service.address() as AddressInfo;
    server = await Server.start({ main: "test/console/night-worker.ts", variables: { API_TOKENS, SHIPPING: `http://127.0.0.1:${port}/` } });
    for (let one = 1; one <= ORDERS; one++)
      await made(
        server.client.call(`/stores/${STORE}/aggregates/order/order-${one}/PlaceOrder`, { address: `${one} Main Street` }, AUTHORIZED),
      );
    await until("the effect to fail", async () => {
      const { status } = await server.client.get<{ status: string }>(`/stores/${STORE}/consumers/booking`, AUTHORIZED);
      return status === "failed" || undefined;
    });
  });
  afterAll(async () => {
    service?.close();
    await server?.stop();
  });

  it("finds which event failed and why, sees what would be done again, fixes it, and sees the effect catch up", async () => {
    const { page, errors, close } = await open("", STORE, { url: server.client.url });
    await sign(page, ADMIN);
    // Which one?
    await page.getByRole("heading", { name: "Needs a look" }).waitFor();
    await shot(page, "night-overview");
    await page.getByRole("link", { name: "booking" }).click();
    // Why?
    const error = page.getByRole("group", { name: "Last error" });
    await error.getByText("It has stopped.").waitFor();
    await error.getByText("the shipping service answered 503: no vans left").waitFor();
    await expect.poll(() => error.textContent()).toContain(`OrderPlaced, version 1 of order/${POISON}`);
    await page.getByText("an effect that follows order").waitFor();
    await expectAccessible(page);
    await shot(page, "night-failed");
    // What would it do again? To try once more is harmless: the service is still the same.
    const again = await act(page, "Retry", "is tried again at once, with all its attempts ahead");
    expect(again).toMatch(/OrderPlaced at position \d+ \(order\/order-3, version 1\)/);
    await until("two more attempts", async () => {
      const { failures } = await server.client.get<{ failures: number }>(`/stores/${STORE}/consumers/booking`, AUTHORIZED);
      return failures === 4 || undefined;
    });
    await error.getByText("It has stopped.").waitFor();
    // The service is fixed: now it catches up.
    isMended = true;
    await act(page, "Retry", "of the log");
    await page.getByRole("main").getByText("live", { exact: true }).waitFor();
    await until(
      "no lag",
      async () =>
        (await page.getByRole("slider", { name: "Events behind, over time" }).getAttribute("aria-valuetext"))?.startsWith("0 events") ||
        undefined,
    );
    await shot(page, "night-live");
    // Each once; orders do not wait for each other.
    expect(booked.toSorted()).toEqual(Array.from({ length: ORDERS }, (_none, index) => `order-${index + 1}`));
    expect(errors).toEqual([]);
    await close();
  });

  it("finds the change that a source fails at, skips it, and sees it go on", async () => {
    const { page, errors, close } = await open("", STORE, { url: server.client.url });
    await sign(page, ADMIN);
    await page.getByRole("main").getByRole("link", { name: "parcels" }).waitFor();
    await page.getByRole("link", { name: "Sources", exact: true }).click();
    const row = page.getByRole("table").getByRole("row").nth(1);
    await row.getByText("retrying", { exact: true }).waitFor();
    await row.getByRole("link", { name: "parcels" }).click();
    const error = page.getByRole("group", { name: "Last error" });
    await error.getByText("It tries again by itself.").waitFor();
    await error.getByText("the data does not fit the schema of ParcelSeen").waitFor();
    await error.getByText("scan 1", { exact: true }).waitFor();
    await expectAccessible(page);
    await shot(page, "source-fails");
    await act(page, "Skip", "The change at scan 1 is never appended");
    await page.getByRole("region", { name: "Skipped changes" }).getByText("scan 1").waitFor();
    await page.getByRole("main").getByText("live", { exact: true }).waitFor();
    await page.getByText("2 events").waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
    await close();
  });

  it("without the right to change anything sees what the token lacks, and the figures that it may see", async () => {
    const { page, errors, close } = await open("/stores", STORE, { url: server.client.url });
    await sign(page, READER);
    await page.getByRole("slider", { name: "Events per second, over time" }).waitFor();
    await expect.poll(() => page.getByRole("heading", { name: "All stores" }).count()).toBe(0);
    await page.getByRole("link", { name: "Consumers", exact: true }).click();
    await page.getByRole("main").getByRole("alert").getByText("admin").first().waitFor();
    await expectAccessible(page);
    await page.getByRole("link", { name: "Sources", exact: true }).click();
    await page.getByRole("main").getByRole("alert").getByText("admin").first().waitFor();
    await page.getByRole("link", { name: "Webhooks", exact: true }).click();
    const add = page.getByRole("button", { name: "Add a webhook" });
    await expect.poll(() => add.getAttribute("title")).toBe("This needs the right “admin”; reader has read.");
    await add.click({ force: true });
    await page.getByRole("status").getByText("This needs the right “admin”").waitFor();
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    expect(errors).toEqual([]);
    await close();
  });
});

/** Gives the console a token, which it asks for. */
async function sign(page: Page, token: string): Promise<void> {
  const dialog = page.getByRole("dialog", { name: "Token" });
  await dialog.getByLabel("Token").fill(token);
  await dialog.getByRole("button", { name: "Use this token" }).click();
  await dialog.waitFor({ state: "hidden" });
}
