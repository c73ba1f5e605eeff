/** Stories in a browser: from a request to everything that it led to, with what failed and what was sent on. */

import { describe, expect, it } from "vitest";
import { Receiver, accept } from "../../scripts/receiver.ts";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

/** Events of a correlation that nobody reads one by one. */
const MANY = 2_000;

describe.skipIf(IS_SKIPPED)("a story", () => {
  const { open, store } = useConsole();

  it("leads from a command to events, reactions and each attempt of a webhook, with states and the names of what made them", async () => {
    const name = freshStore();
    const receiver = await Receiver.listen();
    const refusals: string[] = [];
    receiver.answer = (response, { id, type }) => {
      if (type !== "OrderReady" || refusals.includes(id)) return accept(response);
      refusals.push(id);
      response.writeHead(503).end("not now");
    };
    const { body } = await store(name).call<{ secret: string; id: string }>("/webhooks", { url: receiver.url, categories: ["order"] });
    receiver.secret = body.secret;
    await store(name).call("/aggregates/product/apple/ReceiveStock", { quantity: 3 });
    const placed = await store(name).call<{ position: number }>("/aggregates/order/1/PlaceOrder", {
      customer: "Ada",
      lines: [{ sku: "apple", quantity: 1 }],
    });
    const { page, errors, close } = await open(`/story?position=${placed.body.position}`, name);
    await page.getByRole("heading", { level: 1, name: "Story of command PlaceOrder" }).waitFor();
    const line = (text: RegExp) => page.getByRole("treeitem", { name: text });
    await line(/^▾? ?OrderPlaced order\/1/).waitFor();
    await expect
      .poll(() => line(/StockReserved product\/apple by reactor fulfilment › command ReserveStock/).getAttribute("aria-level"))
      .toBe("3");
    await line(/OrderReady order\/1/).waitFor();
    await line(/Webhook delivered/)
      .nth(1)
      .waitFor();
    await line(/Attempt 1 answer 503/).waitFor();
    // The page goes on with the story: the second attempt comes seconds later.
    await line(/Attempt 2 answer 2/).waitFor();
    await expectAccessible(page);
    await shot(page, "story-wide");
    await line(/StockReserved/).click();
    const chosen = page.getByRole("complementary", { name: "What is chosen" });
    await chosen.getByText("available 3 2").waitFor();
    await expectAccessible(page);
    await shot(page, "story-open");
    // By keyboard: its parent, folded.
    await page.getByRole("tree").focus();
    await page.keyboard.press("ArrowUp");
    await page.getByRole("tree").press("Home");
    await chosen.getByText("A request is not stored itself.").waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.getByText(/effects folded/).waitFor();
    await expect.poll(() => page.getByRole("treeitem").count()).toBe(1);
    await page.keyboard.press("ArrowRight");
    await line(/Attempt 1/).click();
    await chosen.getByText("answer 503").waitFor();
    expect(errors).toEqual([]);
    await close();
    receiver.close();
  });

  it("shows a failing consumer at the event where it fails", async () => {
    const name = freshStore();
    // The payment service has no address here, so that the effect which charges fails.
    await store(name).call("/aggregates/payment/1/RequestPayment", { cents: 100 });
    const { page, errors, close } = await open("/story?position=1", name, { viewport: NARROW, colorScheme: "dark" });
    await page.getByRole("treeitem", { name: /Failed/ }).click();
    await page.getByRole("complementary").getByRole("link", { name: "charging", exact: true }).waitFor();
    await expectAccessible(page);
    await shot(page, "story-narrow-dark");
    expect(errors).toEqual([]);
    await close();
  });

  it("is shown without deliveries and failures to a token that may not see them", async () => {
    const name = freshStore();
    await store(name).call("/aggregates/product/apple/ReceiveStock", { quantity: 3 });
    const { page, errors, close } = await open("", name);
    for (const path of ["webhooks", "consumers"]) {
      const problem = { type: "/problems/forbidden", title: "Not allowed", status: 403, detail: "needs admin", code: "forbidden" };
      await page.route(`**/${path}`, (route) =>
        route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify(problem) }),
      );
    }
    await page.goto(`${page.url().replace(/\/$/, "")}/story?position=1`);
    await page.getByRole("treeitem", { name: /StockReceived/ }).waitFor();
    await page.getByText("are shown to tokens with the right “admin”").waitFor();
    await expect.poll(() => page.getByRole("alert").count()).toBe(0);
    expect(errors).toEqual([]);
    await close();
  });

  it("begins with a fact that has no correlation of its own", async () => {
    const name = freshStore();
    await store(name).call("/streams/charge/1", { type: "Charged", data: { receipt: "<b>r</b>" } });
    await store(name).call("/streams/reading", { strict: false }, {}, "PUT");
    const { page, errors, close } = await open("/story?position=1", name);
    await page.getByRole("heading", { level: 1, name: "Story of Charged" }).waitFor();
    await page.getByRole("treeitem", { name: /Charged charge\/1/ }).waitFor();
    await page.getByRole("complementary").getByText("<b>r</b>").waitFor();
    await page.goto(page.url().replace(/story.*/, "story/nothing-of-this-name"));
    await page.getByText("No event of this correlation").waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
    await close();
  });

  it("stays usable with two thousand events, and gives idle time no room", async () => {
    const name = freshStore();
    await store(name).call("/streams/reading", { strict: false }, {}, "PUT");
    const id = (index: number) => `01a1fd58-0000-7000-8000-${index.toString(16).padStart(12, "0")}`;
    const lines = Array.from({ length: MANY }, (_none, index) =>
      JSON.stringify({
        id: id(index),
        stream: `reading/s${index % 7}`,
        type: "Measured",
        data: { number: index },
        // A hundred effects of the first, then chains.
        meta: { correlationId: "many", ...(index === 0 ? {} : { causationId: id(index <= 100 ? 0 : index - 100) }) },
      }),
    );
    expect((await fetch(`${store(name).url}/import`, { method: "POST", body: lines.join("\n") })).status).toBe(200);
    const { page, errors, close } = await open("/story/many", name);
    await page.getByText("2,000 events in 7 streams").waitFor();
    await expect.poll(() => page.getByRole("treeitem").count()).toBeLessThan(80);
    await page.getByRole("tree").focus();
    await page.keyboard.press("End");
    await page.getByRole("treeitem", { name: "Show 75 more effects", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("complementary").getByText('"number": 26').waitFor();
    await page.goto(`${page.url().split("?")[0]}?event=${id(1999)}`);
    await page.getByRole("complementary").getByText('"number": 1999').waitFor();
    await page.getByRole("treeitem", { selected: true }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });
});
