/** The console's page of processes: by status, those that have not moved for longest first; one of them with its steps and what it undid. */

import { describe, expect, it } from "vitest";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

describe.skipIf(IS_SKIPPED)("processes in the console", () => {
  const { open, store } = useConsole();

  it("are listed, those under way and those that failed with the reason, and one shows its steps with what was undone", async () => {
    const name = freshStore();
    const shop = store(name);
    const input = (sku: string) => ({ customer: "<b>c1</b>", lines: [{ sku, quantity: 1 }], cents: 100, patience: "1d" });
    await shop.call("/aggregates/product/apple/ReceiveStock", { quantity: 5 });
    const { page, errors, close } = await open("/processes", name);
    await page.getByText("None is under way").waitFor();
    await expectAccessible(page);
    await shop.call("/sagas/checkout/waits", input("apple"));
    await shop.call("/sagas/checkout/failed", input("none"), { prefer: "wait=20" });
    const list = page.getByRole("region", { name: "Not finished" });
    await list.getByRole("link", { name: "checkout/waits" }).waitFor();
    await list.getByText("an event, until").waitFor();
    await shot(page, "processes");
    await page.getByRole("button", { name: "Failed" }).click();
    const failed = page.getByRole("region", { name: "Failed" });
    await failed.getByText("not-enough-stock").waitFor();
    await expectAccessible(page);
    await failed.getByRole("link", { name: "checkout/failed" }).click();
    await page.getByRole("heading", { name: "checkout/failed" }).waitFor();
    await page.getByText("The step reserve none failed: not-enough-stock").waitFor();
    await page.getByRole("link", { name: "Its story" }).waitFor();
    await page.goto(page.url().replace("failed", "waits"));
    const steps = page.getByRole("region", { name: "Steps" });
    await steps.getByRole("row").filter({ hasText: "reserve apple" }).getByText("completed").waitFor();
    await page.getByText("pay: an event, until").waitFor();
    await expectAccessible(page);
    await shot(page, "process");
    expect(errors).toEqual([]);
    await close();
  });

  it("fit a small dark window", async () => {
    const name = freshStore();
    await store(name).call(
      "/sagas/checkout/x%20%F0%9F%98%80",
      { customer: "مرحبا", lines: [{ sku: "none", quantity: 1 }], cents: 1 },
      { prefer: "wait=20" },
    );
    const { page, errors, close } = await open(`/processes?stream=${encodeURIComponent("checkout/x 😀")}`, name, {
      viewport: NARROW,
      colorScheme: "dark",
    });
    await page.getByText("failed: not-enough-stock").waitFor();
    await expectAccessible(page);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    await shot(page, "process-narrow");
    expect(errors).toEqual([]);
    await close();
  });
});
