/** The page of stores: the figures of one as pictures, what its use costs, where it lies, and switching to another. */

import { describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, made, shot, useConsole } from "./console.ts";

describe.skipIf(IS_SKIPPED)("the page of stores", () => {
  const { open, store } = useConsole();

  it("shows the figures of GET /metrics, plots them while it is open, and estimates what the month costs", async () => {
    const name = freshStore();
    const client = store(name);
    for (const quantity of [1, 2, 3]) await made(client.call("/aggregates/product/apple/ReceiveStock", { quantity }));
    await until("the views", async () => (await client.get<{ lag: number }>("/consumers/stock")).lag === 0 || undefined);
    await made(client.call("/consumers/stock/pause", {}));
    const { consumers: all } = await client.get<{ consumers: object[] }>("/consumers");
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, errors, close } = await open("/stores", name, { colorScheme, ...(colorScheme === "dark" ? { viewport: NARROW } : {}) });
      const main = page.getByRole("main");
      await main.getByText(`${all.length - 1} of ${all.length}`, { exact: true }).waitFor();
      const estimate = main.getByRole("region", { name: "The estimate" });
      await estimate.getByText("Events stored").waitFor();
      await expect
        .poll(() => estimate.getByRole("row").nth(1).textContent())
        .toMatch(
          colorScheme === "light" ? /^Events stored3\$0\.00000\d+ to \$0\.00000\d+$/ : /^Events stored4\$0\.0000\d+ to \$0\.0000\d+$/,
        );
      await main.getByRole("region", { name: "Where it lies" }).getByText("durable-object, STREAMS").waitFor();
      await expectAccessible(page);
      await shot(page, `stores-${colorScheme}`);
      if (colorScheme === "light") {
        await made(client.call("/aggregates/product/apple/ReceiveStock", { quantity: 4 }));
        const chart = page.getByRole("slider", { name: "Events that the last consumer is behind, over time" });
        await until("the plot", async () => ((await chart.getAttribute("aria-valuetext"))?.startsWith("1 event at ") ? true : undefined));
        await page.getByRole("slider", { name: "Events per second, over time" }).waitFor();
        await shot(page, "stores-plotted");
      }
      expect(errors).toEqual([]);
      await close();
    }
  });

  it("switches to another store from every page, and opens one by its name", async () => {
    const [one, other] = [freshStore(), freshStore()];
    for (const name of [one, other]) await made(store(name).call("/aggregates/product/apple/ReceiveStock", { quantity: 1 }));
    const { page, errors, close } = await open(`/stores?after=${one}`, one); // there may be many before it
    const list = page.getByRole("region", { name: "All stores" });
    await list.getByRole("link", { name: other, exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    expect(page.url()).toMatch(new RegExp(`/console/stores/${other}/?$`));
    await page.getByRole("link", { name: "Consumers", exact: true }).click();
    await page.getByText(`Store ${other}`).click();
    await expectAccessible(page);
    const offered = page.getByRole("list", { name: "Stores" }).getByRole("link").first();
    const chosen = (await offered.textContent()) ?? "";
    await offered.click();
    await page.waitForURL(new RegExp(`/console/stores/${chosen}/consumers$`));
    await page.getByRole("heading", { level: 1, name: "Consumers" }).waitFor();
    await page.getByText(`Store ${chosen}`).click();
    await page.getByRole("link", { name: "All stores" }).click();
    await page.getByLabel("The name of a store").fill("default");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await page.waitForURL(/\/console\/?$/);
    expect(errors).toEqual([]);
    await close();
  });
});
