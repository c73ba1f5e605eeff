/** Streams in a browser: finding one, travelling through its versions, and ending it. */

import { describe, expect, it } from "vitest";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

/** Events of a stream that nobody reads from end to end. */
const LONG = 3_000;

describe.skipIf(IS_SKIPPED)("streams", () => {
  const { open, store } = useConsole();

  it("are found by category and by how their ids begin", async () => {
    const name = freshStore();
    for (const sku of ["apple", "apricot", "pear"]) await store(name).call(`/aggregates/product/${sku}/ReceiveStock`, { quantity: 3 });
    const { page, errors, close } = await open("/streams", name);
    await page.getByRole("link", { name: "product", exact: true }).click();
    await page.getByRole("link", { name: "product/pear" }).waitFor();
    await page.getByLabel("Id begins with").fill("ap");
    await page.getByRole("link", { name: "product/pear" }).waitFor({ state: "detached" });
    await expect.poll(() => page.getByRole("link", { name: /product\/ap/ }).count()).toBe(2);
    await page.getByLabel("Id begins with").fill("apple");
    await page.getByRole("link", { name: "product/apricot" }).waitFor({ state: "detached" });
    await expectAccessible(page);
    await shot(page, "streams");
    await page.getByRole("link", { name: "product/apple" }).click();
    await page.getByRole("heading", { level: 1, name: "product/apple" }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("show the state at every version, and what each event changed, by slider and keyboard", async () => {
    const name = freshStore();
    for (const quantity of [3, 4, 5]) await store(name).call("/aggregates/product/apple/ReceiveStock", { quantity });
    const { page, errors, close } = await open("/streams/product/apple", name);
    const state = page.getByRole("region", { name: "State" });
    await state.getByText('"available": 12').waitFor();
    await expectAccessible(page);
    await shot(page, "stream-wide");
    const slider = page.getByRole("slider", { name: "Version" });
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await state.getByText('"available": 7').waitFor();
    await page.getByText("available 3 7").waitFor();
    expect(page.url()).toContain("version=2");
    await page.keyboard.press("Home");
    await state.getByText('"available": 3').waitFor();
    await page.getByText("available 0 3").waitFor();
    await page.getByRole("list", { name: /Events by version/ }).focus();
    await page.keyboard.press("End");
    await state.getByText('"available": 12').waitFor();
    // Without a version the page goes on with the stream.
    await store(name).call("/aggregates/product/apple/ReceiveStock", { quantity: 8 });
    await state.getByText('"available": 20').waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("are read only around the chosen version, however long they are", async () => {
    const name = freshStore();
    await store(name).call("/streams/reading", { strict: false }, {}, "PUT");
    const lines = Array.from({ length: LONG }, (_none, index) =>
      JSON.stringify({
        id: `01a1fd58-0000-7000-8000-${index.toString(16).padStart(12, "0")}`,
        stream: "reading/long",
        type: "Measured",
        data: { number: index + 1 },
      }),
    );
    expect((await fetch(`${store(name).url}/import`, { method: "POST", body: lines.join("\n") })).status).toBe(200);
    const { page, errors, close } = await open("/streams/reading/long?version=1500", name);
    const counts: Promise<number>[] = [];
    page.on("response", (response) => {
      if (!response.url().includes("/streams/reading/long")) return;
      const count = response.json().then(({ events }: { events: unknown[] }) => events.length);
      count.catch(() => {}); // one that comes when the page closes
      counts.push(count);
    });
    await page.getByRole("button", { name: /1,500 .*Measured/ }).waitFor();
    await page.getByRole("slider").fill("2900");
    await page.getByRole("button", { name: /2,900 .*Measured/ }).waitFor();
    await page.getByRole("region", { name: "Data of Measured" }).getByText("2900").waitFor();
    // Some pages around both versions.
    const events = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    expect(events).toBeGreaterThan(0);
    expect(events).toBeLessThan(LONG / 4);
    expect(errors).toEqual([]);
    await close();
  });

  it("are ended for good after an explanation of what that means; an erased one has no content any more", async () => {
    const name = freshStore();
    await store(name).call("/aggregates/product/apple/ReceiveStock", { quantity: 3 });
    const { page, errors, close } = await open("/streams/product/apple", name, { colorScheme: "dark" });
    await page.getByRole("button", { name: "Delete the stream" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("The log keeps 1 event.").waitFor();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Delete the stream" }).click();
    await page.getByText("This stream has ended").waitFor();
    await page.getByRole("button", { name: "Erase its data" }).click();
    await dialog.getByRole("button", { name: "Erase its data" }).click();
    await page.getByText("The data of product/apple is erased.").waitFor();
    const { events } = await store(name).get<{ events: { erased?: boolean }[] }>("/log?stream=product/apple");
    expect(events[0]?.erased).toBe(true);
    expect(errors).toEqual([]);
    await close();
  });

  it("have ids of any characters, on narrow screens in the dark", async () => {
    const name = freshStore();
    await store(name).call("/streams/reading", { strict: false }, {}, "PUT");
    const id = `a%2F&b=?#'"<b>🦆 שלום`;
    await store(name).call(`/streams/reading/${encodeURIComponent(id)}`, { type: "Said", data: { __proto__x: "<b>bold</b>" } });
    const { page, errors, close } = await open("/streams?category=reading", name, { viewport: NARROW, colorScheme: "dark" });
    await page.getByRole("link", { name: `reading/${id}` }).click();
    await page.getByRole("heading", { level: 1, name: `reading/${id}` }).waitFor();
    await page.getByRole("region", { name: "Data of Said" }).getByText("<b>bold</b>").waitFor();
    await expectAccessible(page);
    await shot(page, "stream-narrow-dark");
    await page.getByRole("link", { name: "In the live log" }).click();
    await page.getByRole("button", { name: /Said/ }).waitFor();
    await page.goto(page.url().replace(/\/log.*/, "/streams/reading/nothing"));
    await page.getByText("Nothing was ever stored in this stream").waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
    await close();
  });
});
