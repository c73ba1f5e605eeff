/** The console's page of the app: what follows what, event types with their schemas, and what was declared over HTTP. */

import { describe, expect, it } from "vitest";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

describe.skipIf(IS_SKIPPED)("the app in the console", () => {
  const { open, store } = useConsole();

  it("shows which part follows which, and the schemas of each event type", async () => {
    const name = freshStore();
    const type = "<b>Reading</b>".replaceAll(/\W/g, "");
    await store(name).call(
      "/streams/reading",
      { events: { [type]: { type: "object", description: "<img src=x onerror=alert(1)>" } } },
      {},
      "PUT",
    );
    await store(name).call("/streams/reading", { events: { [type]: { type: "object", required: ["x"], "x-version": 2 } } }, {}, "PUT");
    await store(name).call("/views/readings", { from: "reading" }, {}, "PUT");
    const { page, errors, close } = await open("/app", name);
    await page.getByRole("button", { name: "order aggregate" }).click();
    await page.getByText("fulfilment append to it").or(page.getByText("appended to by fulfilment")).waitFor();
    await expectAccessible(page);
    await shot(page, "app");
    const chosen = page.getByRole("button", { name: "readings view" });
    await chosen.focus();
    await page.keyboard.press("Enter");
    await page.getByText("readings, view: follows reading.").waitFor();
    await page.getByRole("region", { name: "Streams" }).getByRole("link", { name: "reading" }).click();
    await page.getByRole("heading", { name: "reading", exact: true }).waitFor();
    await page.locator("summary").filter({ hasText: "versions 1, 2" }).click();
    await page.getByText("<img src=x onerror=alert(1)>").waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
    await close();
  });

  it("scrolls sideways in a small window, and stays usable with a thousand event types", async () => {
    const name = freshStore();
    const events = Object.fromEntries(Array.from({ length: 100 }, (_none, index) => [`Type${index}`, {}]));
    await Promise.all(Array.from({ length: 10 }, (_none, index) => store(name).call(`/streams/many-${index}`, { events }, {}, "PUT")));
    const { page, errors, close } = await open("/app?about=category%20many-3", name, { viewport: NARROW, colorScheme: "dark" });
    await page.getByRole("heading", { name: "many-3", exact: true }).waitFor();
    await expectAccessible(page);
    await shot(page, "app-narrow");
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    expect(errors).toEqual([]);
    await close();
  });
});
