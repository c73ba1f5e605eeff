/** The live log in a browser: it follows, holds still, goes back through thousands of events, and finds a position and a time. */

import { describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

/** Events of a history: more than the page holds at once. */
const HISTORY = 4_000;
/** In the page. */
const LIST = `document.querySelector('[role="list"][tabindex]')`;
/** Markup, other scripts' directions, and names that objects already have. */
const HOSTILE = `<img src=x onerror="alert(1)">&lt;script>'"\`\${1} ‏שלום‏ 🦆 __proto__`;

describe.skipIf(IS_SKIPPED)("the live log", () => {
  const { open, store } = useConsole();

  it("shows an event as it happens, and holds still while it is paused", async () => {
    const name = freshStore();
    const receive = (sku: string) => store(name).call(`/aggregates/product/${sku}/ReceiveStock`, { quantity: 3 });
    const { page, errors, close } = await open("/log", name);
    await page.getByText("Nothing has happened in this store yet").waitFor();
    await expectAccessible(page);
    await receive("apple");
    await page.getByRole("button", { name: /StockReceived product\/apple/ }).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await receive("pear");
    await page.getByText("Held: 1 new event.").waitFor();
    await expect.poll(() => page.getByRole("button", { name: /product\/pear/ }).count()).toBe(0);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: /product\/pear/ }).click();
    await page.getByRole("complementary", { name: "The open event" }).getByRole("region", { name: "Data of StockReceived" }).waitFor();
    await expectAccessible(page);
    await shot(page, "log-wide");
    expect(errors).toEqual([]);
    await close();
  });

  it("selects by type, category and stream, and keeps the selection in the address", async () => {
    const name = freshStore();
    await store(name).call("/aggregates/product/apple/ReceiveStock", { quantity: 3 });
    await store(name).call("/aggregates/order/1/PlaceOrder", { customer: "Ada", lines: [{ sku: "apple", quantity: 1 }] });
    const { page, errors, close } = await open("/log?category=order", name);
    await page.getByRole("button", { name: /OrderPlaced/ }).waitFor();
    await expect.poll(() => page.getByRole("button", { name: /StockReceived product/ }).count()).toBe(0);
    await page.getByRole("button", { name: "Remove the filter Category order" }).click();
    await page.getByRole("button", { name: /StockReceived product/ }).waitFor();
    await page.getByLabel("Event type").fill("StockReceived");
    await page.keyboard.press("Enter");
    await page.waitForURL(/type=StockReceived/);
    await page.getByRole("button", { name: /StockReceived product/ }).waitFor();
    await expect.poll(() => page.getByRole("button", { name: /OrderPlaced/ }).count()).toBe(0);
    await page.goBack();
    await page.getByRole("button", { name: /OrderPlaced/ }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("goes back through thousands of events, to a position, to a time, and to the newest again, by keyboard too", async () => {
    const name = freshStore();
    await store(name).call("/streams/reading", { strict: false }, {}, "PUT");
    const lines = Array.from({ length: HISTORY }, (_none, index) =>
      JSON.stringify({ id: uuid(index), stream: `reading/s${index % 7}`, type: "Measured", data: { number: index + 1 } }),
    );
    const imported = await fetch(`${store(name).url}/import`, { method: "POST", body: lines.join("\n") });
    expect(imported.status).toBe(200);
    const { page, errors, close } = await open("/log", name);
    const list = page.getByRole("list", { name: /Events, newest first/ });
    const row = (position: number) => page.getByRole("button", { name: new RegExp(`^${position.toLocaleString("en")} `) });
    await row(HISTORY).waitFor();
    await page.getByLabel("Position", { exact: true }).fill("2500");
    await page.getByRole("button", { name: "Go there" }).click();
    await row(2500).waitFor();
    await expect.poll(() => page.getByRole("complementary").getByText('"number"').count()).toBe(1);
    await list.focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("heading", { name: "Event 2,499" }).waitFor();
    // To the beginning: page after page.
    await until("the log's beginning", async () => {
      await page.evaluate(`(list => (list.scrollTop = list.scrollHeight))(${LIST})`);
      return (await row(1).count()) > 0 || undefined;
    });
    await page.getByText("This is the log’s beginning.").waitFor();
    await page.getByRole("button", { name: "Go to the newest" }).click();
    await row(HISTORY).waitFor();
    await page.getByText("Following what happens.").waitFor();
    const [first] = (await store(name).get<{ events: { recordedAt: string }[] }>("/log?limit=1")).events;
    await page.goto(`${page.url().split("?")[0]}?since=${encodeURIComponent(first!.recordedAt)}`);
    await row(1).waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("shows the content of events as plain text, on narrow screens and in the dark", async () => {
    const name = freshStore();
    await store(name).call("/streams/reading", { strict: false }, {}, "PUT");
    const stream = `/streams/reading/${encodeURIComponent(`a%2F'"🦆`)}`;
    await store(name).call(stream, { type: "Said", data: { [HOSTILE]: HOSTILE, long: "x".repeat(100_000) } });
    const { page, errors, close } = await open("/log", name, { viewport: NARROW, colorScheme: "dark" });
    await page.getByRole("button", { name: /Said/ }).click();
    const details = page.getByRole("complementary");
    await details.getByText("onerror").first().waitFor();
    await details
      .getByRole("button", { name: /Show all/ })
      .first()
      .waitFor();
    await expect.poll(() => page.locator("main img").count()).toBe(0);
    await expectAccessible(page);
    await shot(page, "log-narrow-dark");
    await details.getByRole("link", { name: /a%2F/ }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });
});

/** An id for the line of an import. */
function uuid(number: number): string {
  return `01a1fd58-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;
}
