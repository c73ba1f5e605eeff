/** The console's frame: what the worker serves, its policy, navigation by keyboard, themes, and the first page of an empty store. */

import { describe, expect, inject, it } from "vitest";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

/** DESIGN: the console. */
const LIMIT_BYTES = 80_000;

it("the console's script and style are at most 80 kB together, gzipped", () => {
  expect(inject("consoleBytes")).toBeLessThanOrEqual(LIMIT_BYTES);
});

describe.skipIf(IS_SKIPPED)("the console's frame", () => {
  const { open, store } = useConsole();

  it("is one page without data, which no other page may embed, and whose files a browser keeps", async () => {
    const answer = await fetch(`${inject("consoleUrl")}/console/anything/below`);
    expect(answer.status).toBe(200);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    const html = await answer.text();
    const files = [...html.matchAll(/\/console\/files\/[\w.-]+/g)].map(([path]) => path);
    expect(files).toHaveLength(2);
    for (const path of files) {
      const plain = await fetch(inject("consoleUrl") + path, { headers: { "accept-encoding": "identity" } });
      expect(plain.headers.get("cache-control")).toContain("immutable");
      expect(plain.headers.get("content-encoding")).toBeNull();
      expect(await plain.text()).toMatch(/[{};]/);
    }
    expect((await fetch(`${inject("consoleUrl")}/console/files/console-other.js`)).status).toBe(404);
  });

  it("shows the first call to make to an empty store, on wide and narrow screens, in light and dark", async () => {
    const name = freshStore();
    for (const colorScheme of ["light", "dark"] as const) {
      for (const viewport of [undefined, NARROW]) {
        const { page, errors, close } = await open("", name, { colorScheme, ...(viewport ? { viewport } : {}) });
        await page.getByText("This store has no events yet").waitFor();
        await expectAccessible(page);
        await shot(page, `empty-${colorScheme}-${viewport ? "narrow" : "wide"}`);
        expect(errors).toEqual([]);
        await close();
      }
    }
  });

  it("goes by keyboard alone from the palette to a page", async () => {
    const name = freshStore();
    const { page, errors, close } = await open("/nowhere", name);
    await page.getByText("no page of this address").waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("overv");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    expect(page.url()).toMatch(new RegExp(`/console/stores/${name}/?$`));
    expect(errors).toEqual([]);
    await close();
  });

  it("shows what happened last, and what needs attention", async () => {
    const name = freshStore();
    await store(name).call("/aggregates/product/apple/ReceiveStock", { quantity: 3 });
    const { page, errors, close } = await open("", name);
    await page.getByRole("link", { name: "StockReceived" }).waitFor();
    await expectAccessible(page);
    await shot(page, "overview");
    expect(errors).toEqual([]);
    await close();
  });
});
