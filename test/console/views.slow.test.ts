/** The console's page of views: rows with conditions and sorts, page by page, as they change, and the events behind a row. */

import { describe, expect, it } from "vitest";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

/** What means something to markup, to paths, to JavaScript, or to those who read from the right. */
const HOSTILE = ["<img src=x onerror=alert(1)>", "100%2F", "__proto__", 'it\'s "quoted"', "مرحبا", "😀 ?&=#"];

describe.skipIf(IS_SKIPPED)("views in the console", () => {
  const { open, store } = useConsole();

  it("show their rows, sorted and filtered, and each change as it happens", async () => {
    const name = freshStore();
    const shop = store(name);
    for (const [sku, quantity] of [
      ["apple", 3],
      ["pear", 12],
      ["plum", 7],
    ] as const)
      await shop.call(`/aggregates/product/${sku}/ReceiveStock`, { quantity });
    await shop.get("/views/stock?consistency=strong");
    const { page, errors, close } = await open("/views", name);
    await page.getByRole("link", { name: "stock" }).click();
    const rows = page.getByRole("region", { name: "Rows of stock" }).getByRole("row");
    await page.getByRole("button", { name: "available" }).click();
    await page.getByRole("button", { name: "available sorted ascending" }).click();
    await page.getByRole("button", { name: "available sorted descending" }).waitFor();
    await expect
      .poll(() => rows.allInnerTexts())
      .toEqual([expect.anything(), expect.stringContaining("pear"), expect.stringContaining("plum"), expect.stringContaining("apple")]);
    expect(page.url()).toContain("sort=-available");

    await page.getByLabel("Column").selectOption("available");
    await page.getByLabel("Condition").selectOption("is less than");
    await page.getByLabel("Value").fill("10");
    await page.getByRole("button", { name: "Add condition" }).click();
    await expect.poll(() => rows.allInnerTexts()).toHaveLength(3);
    await expectAccessible(page);
    await page.getByText("Changes appear as they happen").waitFor();
    await shop.call("/aggregates/product/plum/ReceiveStock", { quantity: 1 });
    await rows.filter({ hasText: "plum" }).getByText("8").waitFor();
    await shot(page, "views-rows");
    await shop.call("/aggregates/product/kiwi/ReceiveStock", { quantity: 2 });
    await page.getByText("1 other row has changed").waitFor();
    await page.getByRole("button", { name: "Read again" }).click();
    await rows.filter({ hasText: "kiwi" }).waitFor();
    await page.getByRole("button", { name: "available.lt=10" }).click();
    await expect.poll(() => rows.allInnerTexts()).toHaveLength(5);
    expect(errors).toEqual([]);
    await close();
  });

  it("show the events behind a row, whatever its key", async () => {
    const name = freshStore();
    const shop = store(name);
    await shop.call("/streams/note", {}, {}, "PUT");
    await shop.call(
      "/views/notes",
      {
        from: "note",
        key: "data.by",
        columns: { count: { type: "integer", init: 0, fold: "acc + 1" }, last: { type: "json", value: "data.text" } },
      },
      {},
      "PUT",
    );
    for (const by of HOSTILE)
      await shop.call("/streams/note", { by, text: { __proto__: null, html: "<b>bold</b>", long: "x".repeat(5_000) } });
    await shop.call("/streams/note", { by: HOSTILE[1], text: 2 });
    await shop.get("/views/notes?consistency=strong");
    const { page, errors, close } = await open("/views/notes", name, { viewport: NARROW, colorScheme: "dark" });
    for (const by of HOSTILE) await page.getByRole("link", { name: by, exact: true }).waitFor();
    await expectAccessible(page);
    await shot(page, "views-hostile");
    await page.getByRole("link", { name: "100%2F", exact: true }).click();
    await page.getByRole("heading", { name: "Row 100%2F" }).waitFor();
    const behind = page.getByRole("region", { name: "Events behind row 100%2F" }).getByRole("row");
    await expect.poll(() => behind.count()).toBe(3);
    await expectAccessible(page);
    await page.reload();
    await expect.poll(() => behind.count()).toBe(3);
    await shot(page, "views-row");
    await page.getByRole("button", { name: "Close the row" }).click();
    await behind.first().waitFor({ state: "detached" });
    expect(errors).toEqual([]);
    await close();
  });

  it("are read page by page if they are large, and explain how to begin if there are none", async () => {
    const name = freshStore();
    const shop = store(name);
    await shop.call(
      "/streams/item",
      { key: "id", schema: { type: "object", required: ["id"], properties: { id: { type: "string" }, n: { type: "integer" } } } },
      {},
      "PUT",
    );
    await shop.call("/views/items", { from: "item" }, {}, "PUT");
    const { page, errors, close } = await open("/views/items", name);
    await page.getByText("This view has no rows yet").waitFor();
    await expectAccessible(page);
    for (let n = 0; n < 4; n++) {
      const events = Array.from({ length: 30 }, (_none, index) => ({ type: "ItemRecorded", data: { id: String(n * 30 + index), n } }));
      await Promise.all(events.map((event) => shop.call(`/streams/item/${event.data.id}`, event)));
    }
    await shop.get("/views/items?consistency=strong");
    await page.reload();
    const rows = page.getByRole("region", { name: "Rows of items" }).getByRole("row");
    await expect.poll(() => rows.count()).toBe(51);
    const next = page.getByRole("button", { name: "Next page" });
    await next.click();
    await page.getByRole("button", { name: "First page" }).waitFor();
    await expect.poll(() => rows.count()).toBe(51);
    await next.click();
    await expect.poll(() => rows.count()).toBe(21);
    await page.goBack();
    await expect.poll(() => rows.count()).toBe(51);
    await page.goto(page.url().replace(/\/views.*/, "/views/none"));
    await page.getByText("There is no view none").waitFor();
    expect(errors).toEqual([]);
    await close();
  });
});
