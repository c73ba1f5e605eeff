/** A double click, or Enter pressed twice, sends one call, in every place of the console that sends any. */

import type { Locator, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { IS_SKIPPED } from "./chromium.ts";
import { freshStore, useConsole } from "./console.ts";

/** Milliseconds that an answer takes here: longer than the second click of a double click. */
const ANSWER_MS = 500;

/** Delays what the page sends, and lists it. */
async function listSent(page: Page): Promise<readonly string[]> {
  const sent: string[] = [];
  const isCall = ({ pathname, search }: URL) => !pathname.startsWith("/console") && search !== "?dryRun=true";
  await page.route(isCall, async (route) => {
    const request = route.request();
    if (request.method() !== "GET") {
      sent.push(`${request.method()} ${new URL(request.url()).pathname.split("/").at(-1)}`);
      await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    }
    await route.continue();
  });
  return sent;
}

/** Both before the page can show anything. */
const clickTwice = (button: Locator) =>
  button.evaluate((element: unknown) => {
    for (let clicks = 0; clicks < 2; clicks++) (element as { click: () => void }).click();
  });

describe.skipIf(IS_SKIPPED)("what the console sends, and is asked to send twice", () => {
  const { open, store } = useConsole();

  it("is sent once by a button", async () => {
    const { page, errors, close } = await open("/commands?category=product&id=apple&command=ReceiveStock", freshStore());
    const sent = await listSent(page);
    await page.getByLabel("quantity").fill("3");
    await clickTwice(page.getByRole("button", { name: "Send ReceiveStock" }));
    await page.getByRole("heading", { name: "It was accepted" }).waitFor();
    expect(sent).toEqual(["POST ReceiveStock"]);
    expect(errors).toEqual([]);
    await close();
  });

  it("is sent once by a double click whose first click has been answered already, and again by another click", async () => {
    const name = freshStore();
    const { page, errors, close } = await open("/commands?category=product&id=apple&command=ReceiveStock", name);
    await page.getByLabel("quantity").fill("3");
    const button = page.getByRole("button", { name: "Send ReceiveStock" });
    const click = async (clickCount: number) => {
      await button.hover();
      await page.mouse.down({ clickCount });
      await page.mouse.up({ clickCount });
    };
    await click(1);
    await page.getByText("is at version 1.").waitFor();
    await click(2);
    await page.getByLabel("quantity").fill("5");
    await click(1);
    await page.getByText("is at version 2.").waitFor();
    expect((await store(name).get<{ state: unknown }>("/aggregates/product/apple")).state).toMatchObject({ available: 8 });
    expect(errors).toEqual([]);
    await close();
  });

  it("is sent once by a question that was answered", async () => {
    const name = freshStore();
    await store(name).call("/aggregates/product/apple/ReceiveStock", { quantity: 3 });
    const { page, errors, close } = await open("/consumers/stock", name);
    const sent = await listSent(page);
    await page.getByRole("button", { name: "Pause" }).click();
    const pause = page.getByRole("dialog", { name: "Pause" }).getByRole("button", { name: "Pause" });
    await expect.poll(() => pause.isEnabled()).toBe(true);
    await clickTwice(pause);
    await page.getByRole("button", { name: "Resume" }).waitFor();
    expect(sent).toEqual(["POST pause"]);
    expect(errors).toEqual([]);
    await close();
  });

  it.each<[string, (button: Locator, field: Locator) => Promise<unknown>]>([
    ["a double click", (button) => button.dblclick()],
    ["Enter pressed twice", async (_button, field) => [await field.press("Enter"), await field.press("Enter")]],
  ])("is sent once by a form: %s", async (_way, press) => {
    const name = freshStore();
    const { page, errors, close } = await open("/webhooks", name);
    const sent = await listSent(page);
    await page.getByRole("button", { name: "Add a webhook" }).click();
    const form = page.getByRole("dialog", { name: "Add a webhook" });
    await form.getByLabel("URL").fill("http://127.0.0.1:9/nobody");
    await press(form.getByRole("button", { name: "Add it" }), form.getByLabel("URL"));
    await page.getByRole("region", { name: "Secret" }).waitFor();
    expect(sent).toEqual(["POST webhooks"]);
    expect((await store(name).get<{ webhooks: object[] }>("/webhooks")).webhooks).toHaveLength(1);
    expect(errors).toEqual([]);
    await close();
  });
});
