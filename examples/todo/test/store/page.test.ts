/** The page in a real Chromium, which loses its network for a while, next to another page that does not. */

import { existsSync } from "node:fs";
import axe from "axe-core";
import { createClient } from "headspring/client";
import { type TestStore, startStore } from "headspring/testing/store";
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { app } from "../../src/app.ts";

/** Debian's package `chromium`; CHROMIUM names another one. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const isMissing = !existsSync(CHROMIUM);

let store: TestStore;
let browser: Browser;
beforeAll(async () => {
  if (isMissing) return;
  store = await startStore();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser?.close();
  await store?.stop();
});

/** The titles in each list; `?` marks what the store does not have yet. */
async function lists(page: Page): Promise<Record<"Outstanding" | "Scheduled" | "Completed", string[]>> {
  // A string: this is compiled without the types of a browser.
  return page.evaluate(`Object.fromEntries(["Outstanding", "Scheduled", "Completed"].map((name) => [
    name,
    [...document.querySelectorAll("section." + name.toLowerCase() + " li")].map(
      (item) => item.querySelector("strong")?.textContent + (item.classList.contains("pending") ? "?" : ""),
    ),
  ]))`);
}
const shows = (page: Page, expected: object) =>
  vi.waitFor(async () => expect(await lists(page)).toMatchObject(expected), { timeout: 20_000, interval: 20 });
const says = (page: Page, text: string) => page.getByRole("status").filter({ hasText: text }).waitFor({ timeout: 20_000 });

async function open(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(store.url);
  return page;
}
async function add(page: Page, title: string): Promise<void> {
  await page.getByLabel("Title").first().fill(title);
  await page.keyboard.press("Enter");
}
const press = (page: Page, what: "Complete" | "Abandon" | "Change", title: string) =>
  page
    .getByRole("region", { name: "Outstanding" })
    .getByRole("button", { name: `${what} ${title}`, exact: true })
    .click();

describe.skipIf(isMissing)(`the page, in ${CHROMIUM}${isMissing ? ", which is missing" : ""}`, { timeout: 120_000 }, () => {
  it("accepts changes offline, shows them at once, and catches up with the others", async () => {
    const context = await browser.newContext();
    const here = await open(context);
    const there = await open(await browser.newContext());
    await says(here, "Up to date");
    for (const title of ["bread", "milk", "tea"]) await add(here, title);
    for (const page of [here, there]) await shows(page, { Outstanding: ["bread", "milk", "tea"] });

    await context.setOffline(true);
    await add(here, "salt");
    await press(here, "Complete", "bread");
    await press(here, "Complete", "salt");
    await press(here, "Complete", "tea");
    await press(here, "Change", "milk");
    await here.getByRole("form", { name: "Change milk" }).getByLabel("Due date").fill("2027-07-13");
    await here.getByRole("button", { name: "Save" }).click();
    await shows(here, { Outstanding: ["milk?"], Scheduled: ["milk?"], Completed: ["salt?", "tea?", "bread?"] });
    await says(here, "Offline: 5 changes to send");

    // The others go on. They know nothing of it, and abandon what is completed here.
    await press(there, "Abandon", "tea");
    await add(there, "jam");
    await shows(there, { Outstanding: ["bread", "milk", "jam"], Completed: [] });

    await context.setOffline(false);
    const settled = { Outstanding: ["milk", "jam"], Scheduled: ["milk"], Completed: ["salt", "bread"] };
    for (const page of [here, there]) await shows(page, settled);
    await says(here, "Up to date");
    expect(await here.getByRole("log").innerText()).toContain("“tea”: already abandoned. Nothing was changed.");

    // In the order in which they were made, and each once.
    const made: string[] = [];
    for await (const { type } of createClient<typeof app>(store.url).log({ live: false })) made.push(type);
    const [before, between, after] = [
      ["TodoAdded", "TodoAdded", "TodoAdded"],
      ["TodoAbandoned", "TodoAdded"],
      ["TodoAdded", "TodoCompleted", "TodoCompleted", "TodoAmended"],
    ] as const;
    expect(made).toEqual([...before, ...between, ...after]);
    await context.close();
  });

  it("sends waiting changes after the page was closed, and shows all todos while the store is killed", async () => {
    const context = await browser.newContext();
    const page = await open(context);
    await says(page, "Up to date");
    await context.setOffline(true);
    await add(page, "kept");
    await says(page, "1 change");
    await page.close();
    await context.setOffline(false);
    await store.kill();
    await store.startAgain();
    const again = await open(context);
    await vi.waitFor(async () => expect((await lists(again)).Outstanding).toContain("kept"), { timeout: 20_000 });

    await store.kill();
    await add(again, "during");
    await vi.waitFor(async () => expect((await lists(again)).Outstanding).toEqual(expect.arrayContaining(["kept", "during?"])));
    await store.startAgain();
    await vi.waitFor(async () => expect((await lists(again)).Outstanding).toEqual(expect.arrayContaining(["kept", "during"])), {
      timeout: 40_000,
    });
    await context.close();
  });

  it("is usable for all, light and dark, wide and narrow, and loads nothing from other hosts", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width: colorScheme === "light" ? 1_280 : 360, height: 800 } });
      const page = await context.newPage();
      const origins = new Set<string>();
      page.on("request", (request) => origins.add(new URL(request.url()).origin));
      await page.goto(store.url);
      await says(page, "Up to date");
      await add(page, `in the ${colorScheme}`);
      await press(page, "Change", `in the ${colorScheme}`);
      await page.evaluate(axe.source);
      const violations = await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))");
      expect(violations).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      expect([...origins].filter((origin) => origin !== store.url && origin !== "null")).toEqual([]);
      await context.close();
    }
  });
});
