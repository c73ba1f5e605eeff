/** The newcomer's story: from an empty store to a declared stream, processor, view and webhook, by the console alone. */

import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { Receiver } from "../../scripts/receiver.ts";
import { IS_SKIPPED } from "./chromium.ts";
import { act, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

describe.skipIf(IS_SKIPPED)("a newcomer", () => {
  const { open } = useConsole();
  let receiver: Receiver | undefined;
  afterEach(() => receiver?.close());

  it("declares a stream, a processor, a view and a webhook, and sees an event go all the way, without a line of code", async () => {
    receiver = await Receiver.listen();
    const received: string[] = [];
    receiver.answer = (response, { event }) => {
      received.push(event.type);
      response.writeHead(204).end();
    };
    const name = freshStore();
    const { page, errors, close } = await open("", name);
    await page.getByText("This store has no events yet").waitFor();
    const go = (title: string) => page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: title, exact: true }).click();

    await go("Declare");
    await page.getByRole("link", { name: "Declare a stream" }).click();
    await page.getByLabel("Name", { exact: true }).fill("reading");
    for (const [member, type] of [
      ["sensor", "text"],
      ["celsius", "number"],
    ] as const) {
      await page.getByLabel("Name of another member").fill(member);
      await page.getByRole("button", { name: "Add member" }).click();
      await page.getByLabel(`Type of ${member}`).selectOption(type);
    }
    await page.getByLabel("key").selectOption("sensor");
    await act(page, "Declare reading", "reading is new");

    await page.getByRole("link", { name: "Append an event" }).click();
    await page.getByRole("textbox", { name: "sensor" }).fill("roof");
    await page.getByRole("textbox", { name: "celsius" }).fill("41.5");
    await page.getByRole("button", { name: "Append ReadingRecorded" }).click();
    await page.getByRole("heading", { name: "It was accepted" }).waitFor();

    // Where alarms go: events of any shape.
    await go("Declare");
    await page.getByRole("link", { name: "Declare a stream" }).click();
    await page.getByLabel("Name", { exact: true }).fill("alarm");
    await page.getByLabel("Kind").selectOption("events of any shape");
    await act(page, "Declare alarm", "alarm is new");

    await go("Declare");
    await page.getByRole("link", { name: "Declare a processor" }).click();
    await page.getByLabel("Name", { exact: true }).fill("hot");
    await page.getByLabel("from 1", { exact: true }).selectOption("reading");
    await page.getByRole("textbox", { name: "filter" }).fill("data.celsius > 40");
    await page.getByRole("button", { name: "Add step" }).click();
    await page.getByLabel("step 2", { exact: true }).selectOption("emit: appends an event");
    await page.getByLabel("to", { exact: true }).selectOption("alarm");
    await page.getByText("emits AlarmRecorded to alarm").waitFor();
    await act(page, "Declare hot", "of 1 event it processes those that it follows");

    await go("Declare");
    await page.getByRole("link", { name: "Declare a view" }).click();
    await page.getByLabel("Name", { exact: true }).fill("temperatures");
    await page.getByLabel("from 1", { exact: true }).selectOption("reading");
    await page.getByLabel("Name of another column").fill("celsius");
    await page.getByRole("button", { name: "Add column" }).click();
    await page.getByLabel("celsius", { exact: true }).selectOption("has the latest");
    await page.getByRole("textbox", { name: "value" }).fill("data.celsius");
    await page.getByRole("region", { name: "Rows that it would have" }).getByText("41.5").waitFor();
    await shot(page, "newcomer-view");
    await act(page, "Declare temperatures", "It is built from the beginning of the log");
    await page.getByRole("link", { name: "Its rows" }).click();
    await page.getByRole("link", { name: "roof" }).waitFor();

    await go("Webhooks");
    await page.getByRole("button", { name: "Add a webhook" }).click();
    const form = page.getByRole("dialog", { name: "Add a webhook" });
    await form.getByLabel("URL").fill(receiver.url);
    await form.getByLabel("Event types").fill("AlarmRecorded");
    await form.getByRole("button", { name: "Add it" }).click();
    receiver.secret = ((await page.getByRole("region", { name: "Secret" }).textContent()) ?? "").trim();
    await page.getByRole("button", { name: "I have kept it" }).click();

    await go("Send");
    await page.getByLabel("Category").selectOption("reading");
    await page.getByRole("textbox", { name: "sensor" }).fill("roof");
    await page.getByRole("textbox", { name: "celsius" }).fill("50");
    await page.getByRole("button", { name: "Append ReadingRecorded" }).click();
    await page.getByRole("heading", { name: "It was accepted" }).waitFor();
    await until("the alarm at the webhook's endpoint", () => received.includes("AlarmRecorded") || undefined);
    await go("The app");
    await page.getByRole("button", { name: "reading plain" }).click();
    await page.getByText("followed by hot, temperatures.").waitFor();
    await expectAccessible(page);
    await shot(page, "newcomer-app");
    expect(errors).toEqual([]);
    await close();
  });
});
