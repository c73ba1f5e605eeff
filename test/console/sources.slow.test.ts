/** The console's page of sources, and their declaration by a form. What it shows of one that fails: night.test.ts. */

import { describe, expect, it } from "vitest";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, act, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

describe.skipIf(IS_SKIPPED)("sources in the console", () => {
  const { open, store } = useConsole();

  it("are declared with their kind's form, tried with made-up changes, paused and resumed, shown in the app, and deleted", async () => {
    const name = freshStore();
    const client = store(name);
    await client.call("/streams/parcel", { schema: { type: "object", required: ["number"] } }, {}, "PUT");
    const { page, errors, close } = await open("/sources", name, { viewport: NARROW, colorScheme: "dark" });
    await page.getByText("Nothing comes in by itself").waitFor();
    await expectAccessible(page);
    await page.getByRole("main").getByRole("link", { name: "Declare a source" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("parcels");
    await page.getByLabel("queue", { exact: true }).fill(name);
    await page.getByLabel("to", { exact: true }).selectOption("parcel");
    const stream = page.getByRole("textbox", { name: "stream" });
    await stream.fill("");
    await stream.pressSequentially("cha");
    await page.getByRole("option", { name: /^change map/ }).waitFor();
    await stream.fill("chang.id");
    await page.getByText("unknown name `chang`").first().waitFor();
    await expect.poll(() => page.locator("mark").allInnerTexts()).toEqual(["chang"]);
    await stream.fill("change.messageId");
    await page.getByLabel("data", { exact: true }).selectOption("one expression");
    await page.getByRole("textbox", { name: "data" }).fill("change.body");
    await page.getByLabel("A change, or a list of them").fill(
      JSON.stringify([
        { messageId: "a", body: { number: "1" } },
        { messageId: "b", body: {} },
      ]),
    );
    await page.getByText("appends ParcelRecorded to parcel/a").waitFor();
    await page.getByText("does not fit").waitFor();
    await expectAccessible(page);
    await shot(page, "declare-source");
    await act(page, "Declare parcels", "parcels is new. It begins at once");
    await page.getByRole("link", { name: "How it is doing" }).click();
    await page.getByRole("heading", { name: "parcels", exact: true }).waitFor();
    await act(page, "Pause", "What changes outside waits there");
    await page.getByRole("main").getByText("paused", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("main").getByText("live", { exact: true }).waitFor();
    await expectAccessible(page);
    await shot(page, "source");
    expect(await client.get<object>("/sources/parcels")).toMatchObject({
      definition: { kind: "queue", queue: name, to: "parcel", stream: "change.messageId", data: "change.body" },
    });
    await page.goto(page.url().replace("/sources/parcels", "/app"));
    await page.getByRole("button", { name: "parcels queue" }).click();
    await page.getByText("parcels, queue; appends to parcel.").waitFor();
    await page.getByText("parcels, queue").getByRole("link", { name: "parcels" }).click();
    await page.getByRole("link", { name: "Change it" }).click();
    await act(page, "Delete parcels", "It ends, and what was made for it outside is removed");
    expect((await client.get<{ sources: object[] }>("/sources")).sources).toEqual([]);
    expect(errors).toEqual([]);
    await close();
  });
});
