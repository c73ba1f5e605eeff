/** The console's page of declarations: streams, views and processors by a form, with completion, mistakes in their place, and a preview. */

import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

/** Adds a member of a stream's data. */
async function addMember(page: Page, name: string, type: string): Promise<void> {
  await page.getByLabel("Name of another member").fill(name);
  await page.getByRole("button", { name: "Add member" }).click();
  await page.getByLabel(`Type of ${name}`).selectOption(type);
}

/** What is to be done, after its effect was shown. */
async function confirm(page: Page, label: string, effect: string): Promise<void> {
  await page.getByRole("button", { name: label }).click();
  const dialog = page.getByRole("dialog", { name: label });
  await dialog.getByText(effect).waitFor();
  await dialog.getByRole("button", { name: label }).click();
}

describe.skipIf(IS_SKIPPED)("declaring in the console", () => {
  const { open, store } = useConsole();

  it("declares a stream with a table of members, and changes it as far as stored events allow", async () => {
    const name = freshStore();
    const { page, errors, close } = await open("/declare", name);
    await page.getByRole("link", { name: "Declare a stream" }).click();
    await page.getByLabel("Name", { exact: true }).fill("reading");
    await addMember(page, "sensor", "text");
    await addMember(page, "celsius", "number");
    await addMember(page, "state", "one of");
    await page.getByLabel("Values of state").fill("good, <b>bad</b>");
    await page.getByLabel("state must be there").uncheck();
    await page.getByLabel("key").selectOption("sensor");
    await page.getByText("It is valid, and new").waitFor();
    await expectAccessible(page);
    await shot(page, "declare-stream");
    await confirm(page, "Declare reading", "reading is new");
    await page.getByRole("link", { name: "Append an event" }).waitFor();
    const definition = await store(name).get<{ key: string; events: unknown }>("/streams/reading");
    expect(definition.key).toBe("sensor");
    expect(definition.events).toEqual({
      ReadingRecorded: {
        type: "object",
        properties: { sensor: { type: "string" }, celsius: { type: "number" }, state: { enum: ["good", "<b>bad</b>"] } },
        required: ["sensor", "celsius"],
        additionalProperties: false,
      },
    });
    expect((await store(name).call("/streams/reading", { sensor: "s1", celsius: 21.5 })).status).toBe(201);

    // Stored events lack it.
    await addMember(page, "place", "text");
    await page.getByRole("alert").getByText("place").waitFor();
    await page.getByLabel("place must be there").uncheck();
    await page.getByText("1 of the latest 1 event fit").waitFor();
    await confirm(page, "Save the change", "Of its latest 1 event, 1 fit");
    await expect.poll(async () => JSON.stringify(await store(name).get<object>("/streams/reading"))).toContain("place");
    await confirm(page, "Delete reading", "1 stream can no longer be read");
    await page.getByRole("heading", { name: "Declare", exact: true }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("declares a view after previewing its rows, completes names, and underlines a mistake", async () => {
    const name = freshStore();
    const shop = store(name);
    const schema = {
      type: "object",
      additionalProperties: false,
      required: ["by", "amount"],
      properties: { by: { type: "string" }, amount: { type: "number" } },
    };
    await shop.call("/streams/sale", { schema }, {}, "PUT");
    for (const [by, amount] of [
      ["c1", 2],
      ["<i>c3</i>", 5],
      ["c1", 4],
    ] as const)
      await shop.call("/streams/sale", { by, amount });
    const { page, errors, close } = await open("/declare/view", name);
    await page.getByLabel("Name", { exact: true }).fill("sales");
    const key = page.getByRole("textbox", { name: "key" });
    await key.pressSequentially("data.");
    await page.getByRole("option", { name: "data.amount" }).waitFor();
    await key.press("ArrowDown");
    await page.getByRole("option", { name: "data.amount", selected: true }).waitFor();
    await key.fill("");
    await key.pressSequentially("data.b");
    await key.press("Tab");
    await expect.poll(() => key.inputValue()).toBe("data.by");
    await page.getByLabel("Name of another column").fill("total");
    await page.getByRole("button", { name: "Add column" }).click();
    const fold = page.getByRole("textbox", { name: "fold" });
    // What is in scope there only, and a function with its parenthesis.
    await fold.fill("");
    await fold.pressSequentially("ac");
    await page.getByRole("option", { name: "acc any: the column before this event" }).waitFor();
    await fold.fill("");
    await fold.pressSequentially("math.gre");
    await fold.press("Enter");
    await expect.poll(() => fold.inputValue()).toBe("math.greatest(");
    await fold.fill("acc + data.amuont");
    await page.getByText("`data` has no `amuont`").first().waitFor();
    await expect.poll(() => page.locator("mark").allInnerTexts()).toEqual(["amuont"]);
    await expectAccessible(page);
    await shot(page, "declare-mistake");
    await fold.fill("acc + data.amount");
    const rows = page.getByRole("region", { name: "Rows that it would have" }).getByRole("row");
    await expect
      .poll(() => rows.allInnerTexts())
      .toEqual([expect.anything(), expect.stringContaining("5"), expect.stringMatching(/c1\s+6/)]);
    expect((await shop.get<{ views: object[] }>("/views?name=sales")).views).toEqual([]);
    await page.getByRole("button", { name: "an event that you make up" }).click();
    await page
      .getByLabel("An event that you make up")
      .fill(JSON.stringify({ stream: "sale/x", type: "SaleRecorded", data: { by: "new", amount: 1 } }));
    await rows.filter({ hasText: "new" }).waitFor();
    await shot(page, "declare-view");
    await confirm(page, "Declare sales", "It is built from the beginning of the log, which has 3 events");
    await page.getByRole("link", { name: "Its rows" }).waitFor();
    expect((await shop.get<{ rows: object[] }>("/views/sales?consistency=strong")).rows).toEqual([
      { id: "<i>c3</i>", total: 5 },
      { id: "c1", total: 6 },
    ]);
    await page.reload();
    await expect.poll(() => fold.inputValue()).toBe("acc + data.amount");
    await page.getByRole("textbox", { name: "description" }).fill("Totals");
    await confirm(page, "Save the change", "Its rows stay as they are");
    await confirm(page, "Delete sales", "its rows are removed");
    await page
      .getByText("Nothing yet")
      .or(page.getByRole("link", { name: "sale" }))
      .waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("declares a processor step by step, in a small dark window too", async () => {
    const name = freshStore();
    const shop = store(name);
    await shop.call(
      "/streams/reading",
      { schema: { type: "object", required: ["celsius"], properties: { celsius: { type: "number" } } } },
      {},
      "PUT",
    );
    await shop.call("/streams/alarm", {}, {}, "PUT");
    await shop.call("/streams/reading", { celsius: 40 });
    const { page, errors, close } = await open("/declare/processor", name, { viewport: NARROW, colorScheme: "dark" });
    await page.getByLabel("Name", { exact: true }).fill("hot");
    await page.getByLabel("from 1", { exact: true }).selectOption("reading");
    const filter = page.getByRole("textbox", { name: "filter" });
    await filter.fill("data.celsius > 30");
    // Nothing is being named: Enter and Tab are themselves, until one asks.
    await expect.poll(() => page.getByRole("listbox").count()).toBe(0);
    await filter.press("Control+Space");
    await page.getByRole("listbox", { name: "Names" }).waitFor();
    await filter.press("Escape");
    await expect.poll(() => page.getByRole("listbox").count()).toBe(0);
    await page.getByRole("button", { name: "Add step" }).click();
    await page.getByLabel("step 2", { exact: true }).selectOption({ label: "emit: appends an event" });
    await page.getByLabel("to", { exact: true }).selectOption("alarm");
    await page.getByText("emits AlarmRecorded to alarm").waitFor();
    await expectAccessible(page);
    await shot(page, "declare-processor");
    await confirm(page, "Declare hot", "It begins at the beginning of the log");
    await expect
      .poll(async () => (await shop.get<{ events: { type: string }[] }>("/log?category=alarm")).events.map(({ type }) => type))
      .toEqual(["AlarmRecorded"]);
    expect(errors).toEqual([]);
    await close();
  });
});
