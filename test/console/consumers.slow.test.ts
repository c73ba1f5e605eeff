/** The page of consumers: how far each is, why one stopped, and everything that an operator does about it. */

import { describe, expect, it } from "vitest";
import { type Client, until } from "../../scripts/client.ts";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, act, expectAccessible, freshStore, made, shot, useConsole } from "./console.ts";

const SENSOR = `"s" <b>1 🫖`;
const HOSTILE = `<img src=x onerror="throw 1">\u202Eevil`;

describe.skipIf(IS_SKIPPED)("the page of consumers", () => {
  const { open, store } = useConsole();

  /** A processor that divides by what each event says, and an event that says zero, with two after it. */
  async function stopped(client: Client): Promise<void> {
    await made(client.call("/streams/reading", { key: "sensor" }, {}, "PUT"));
    await made(client.call("/streams/share", { key: "sensor" }, {}, "PUT"));
    const steps = [{ set: { share: "100 / int(data.of)" } }, { emit: { to: "share" } }];
    await made(client.call("/processors/dividing", { from: "reading", steps }, {}, "PUT"));
    await made(client.call("/streams/reading", { sensor: SENSOR, of: 4 }));
    // What it made of that is at position 2, whatever the load.
    await until("its first event", async () => (await client.get<{ head: number }>("/log/head")).head === 2 || undefined);
    for (const of of [0, 5, 10]) await made(client.call("/streams/reading", { sensor: SENSOR, of, note: HOSTILE }));
    await until("the processor to stop", async () => {
      const { status } = await client.get<{ status: string }>("/consumers/dividing");
      return status === "failed" || undefined;
    });
  }

  it("shows those that have failed first, with their error, and leads to the event, in light and dark, wide and narrow", async () => {
    const name = freshStore();
    await stopped(store(name));
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, errors, close } = await open("/consumers", name, {
        colorScheme,
        ...(colorScheme === "dark" ? { viewport: NARROW } : {}),
      });
      const first = page.getByRole("table").getByRole("row").nth(1);
      await first.getByText("failed", { exact: true }).waitFor();
      await expect.poll(() => first.textContent()).toContain("dividing");
      await expectAccessible(page);
      await shot(page, `consumers-${colorScheme}`);
      await first.getByRole("link", { name: "dividing" }).click();
      const error = page.getByRole("group", { name: "Last error" });
      await error.getByText("It has stopped.").waitFor();
      await expect.poll(() => error.textContent()).toContain(`At position 3: ReadingRecorded, version 2 of reading/${SENSOR}`);
      await error.getByText("The event", { exact: true }).click();
      await error.getByText(/onerror/).waitFor();
      await page.getByRole("slider", { name: "Events behind, over time" }).focus();
      await expectAccessible(page);
      await shot(page, `consumer-${colorScheme}`);
      expect(errors).toEqual([]);
      await close();
    }
  });

  it("counts what a reset would run again, skips the failed event, shows it as skipped, and catches up", async () => {
    const name = freshStore();
    const client = store(name);
    await stopped(client);
    const { page, errors, close } = await open("/consumers/dividing", name);
    const retry = await act(page, "Retry", `ReadingRecorded at position 3 (reading/${SENSOR}, version 2) is tried again at once`);
    expect(retry).toContain("It would fail again: steps.0.set.share");
    await page.getByText("dividing tries again.").waitFor();
    await page.getByText("It has stopped.").waitFor();
    const skip = await act(page, "Skip", "is never processed by this consumer");
    expect(skip).toContain("of the log wait for it");
    await page.getByRole("table", { name: undefined }).getByRole("link", { name: "3", exact: true }).waitFor();
    await page.getByRole("main").getByText("live").waitFor();
    expect(await act(page, "Reset", "would be processed again")).toContain("4 events would be processed again, from position 1");
    await page.getByText("dividing begins again after position 0").waitFor();
    const { events } = await client.get<{ events: { data: { share?: number } }[] }>(`/streams/share/${encodeURIComponent(SENSOR)}`);
    expect(events.map(({ data }) => data.share)).toEqual([25, 20, 10]);
    expect(errors).toEqual([]);
    await close();
  });

  it("shows what a fixed processor would do with the failed event, before it is tried again", async () => {
    const name = freshStore();
    const client = store(name);
    await stopped(client);
    const steps = [{ set: { share: "int(data.of) == 0 ? 0 : 100 / int(data.of)" } }, { emit: { to: "share" } }];
    await made(client.call("/processors/dividing", { from: "reading", steps }, {}, "PUT"));
    const { page, errors, close } = await open("/consumers/dividing", name);
    expect(await act(page, "Retry", "is tried again at once")).toContain(`It would emit ShareRecorded to share/${SENSOR}.`);
    await page.getByRole("main").getByText("live", { exact: true }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("pauses a consumer, plots how far it falls behind, and lets it go on", async () => {
    const name = freshStore();
    const client = store(name);
    await made(client.call("/aggregates/product/apple/ReceiveStock", { quantity: 3 }));
    const { page, errors, close } = await open("/consumers/stock", name);
    await act(page, "Pause", "nothing is lost");
    await page.getByRole("main").getByText("paused", { exact: true }).waitFor();
    await made(client.call("/aggregates/product/apple/ReceiveStock", { quantity: 4 }));
    const chart = page.getByRole("slider", { name: "Events behind, over time" });
    await until("the plot", async () => ((await chart.getAttribute("aria-valuetext"))?.startsWith("1 event at ") ? true : undefined));
    await chart.focus();
    await page.keyboard.press("Home");
    await until("the first value", async () =>
      (await chart.getAttribute("aria-valuetext"))?.startsWith("0 events at ") ? true : undefined,
    );
    await page.getByText("Events behind as a table").click();
    await page.getByRole("region", { name: "Events behind", exact: true }).getByText("1 event").first().waitFor();
    await expectAccessible(page);
    await act(page, "Resume", "1 event of the log waits for it");
    await page.getByRole("main").getByText("live", { exact: true }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("rebuilds a view after counting its events; shows the rebuild's progress and why it stops, also after a reload, until the new table answers", async () => {
    const name = freshStore();
    const client = store(name);
    await made(client.call("/streams/reading", { key: "sensor" }, {}, "PUT"));
    const declare = (fold: string) =>
      made(client.call("/views/sums", { from: "reading", columns: { sum: { type: "number", init: 0, fold } } }, {}, "PUT"));
    await declare("acc + data.of");
    for (const of of [4, 0, 5]) await made(client.call("/streams/reading", { sensor: "s1", of }));
    const { page, errors, close } = await open("/consumers/sums", name);
    await page.getByRole("main").getByText("live", { exact: true }).waitFor();
    await act(page, "Rebuild", "3 events would be processed again");
    await page.getByText("sums is being rebuilt.").waitFor();
    await page.getByText("sums is rebuilt, and answers from its new table").waitFor();

    await declare("acc + 100 / data.of");
    const progress = page.getByRole("progressbar", { name: "Progress of the rebuild" });
    await progress.waitFor();
    await page.getByText("division by zero").first().waitFor();
    await page.getByText("the rows are those of an earlier definition").waitFor();
    await expectAccessible(page);
    await shot(page, "rebuild");
    await page.getByRole("link", { name: "Consumers" }).click();
    await page.getByRole("link", { name: "sums" }).click();
    await progress.waitFor();
    await act(page, "Skip", "ReadingRecorded at position 2");
    await page.getByText("sums is rebuilt, and answers from its new table").first().waitFor();
    await page.getByRole("heading", { name: "Skipped events" }).waitFor();
    await declare("acc + 2 * data.of");
    await until("the other definition's table", async () => !("rebuild" in (await client.get<object>("/consumers/sums"))) || undefined);
    await page.getByRole("main").getByText("live", { exact: true }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("shows only the consumers of the kind in its address", async () => {
    const { page, close } = await open("/consumers?kind=view", freshStore());
    await page.getByRole("link", { name: "stock" }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: "fulfilment" }).count()).toBe(0);
    await page.getByLabel("Kind").selectOption("processor");
    await page.getByRole("link", { name: "fulfilment" }).waitFor();
    expect(page.url()).toContain("kind=processor");
    await close();
  });
});
