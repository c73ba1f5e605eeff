/** The console's page of commands: a form from each schema, what it would do now, what it did; and events of plain categories. */

import { describe, expect, it } from "vitest";
import { IS_SKIPPED } from "./chromium.ts";
import { NARROW, expectAccessible, freshStore, shot, useConsole } from "./console.ts";

describe.skipIf(IS_SKIPPED)("commands in the console", () => {
  const { open, store } = useConsole();

  it("begin with a body that can be sent, show what it would do now, and do it", async () => {
    const name = freshStore();
    const { page, errors, close } = await open("/commands?category=product&id=apple&command=ReceiveStock", name);
    await page.getByLabel("quantity").fill("3");
    await page.getByRole("button", { name: "What would it do now?" }).click();
    await page.getByRole("heading", { name: "It would be accepted" }).waitFor();
    await page.getByText("available").waitFor();
    expect((await store(name).get<{ head: number }>("/log/head")).head).toBe(0);
    await expectAccessible(page);
    await shot(page, "commands-tried");
    await page.getByRole("button", { name: "Send ReceiveStock" }).click();
    await page.getByRole("heading", { name: "It was accepted" }).waitFor();
    expect((await store(name).get<{ state: unknown }>("/aggregates/product/apple")).state).toMatchObject({ available: 3 });

    await page.getByLabel("Command").selectOption("ReserveStock");
    await page.getByRole("textbox", { name: "order" }).fill("42");
    await page.getByLabel("quantity").fill("5");
    await page.getByText("Conditions and keys").click();
    await page.getByLabel("Only at version").fill("7");
    await page.getByRole("button", { name: "Send ReserveStock" }).click();
    await page.getByRole("alert").getByText("version").first().waitFor();
    await page.getByLabel("Only at version").fill("1");
    await page.getByRole("button", { name: "Send ReserveStock" }).click();
    await page.getByText("ReservationDeclined").first().waitFor();
    expect(page.url()).toContain("command=ReserveStock");
    expect(errors).toEqual([]);
    await close();
  });

  it("show each mistake at its field, in lists of objects too, and what a rule refuses", async () => {
    const name = freshStore();
    await store(name).call("/aggregates/order/2/PlaceOrder", { customer: "c1", lines: [{ sku: "apple", quantity: 1 }] });
    const { page, errors, close } = await open("/commands?category=order&id=1", name, { viewport: NARROW, colorScheme: "dark" });
    await page.getByRole("textbox", { name: "customer" }).fill("مرحبا <b>c1</b>");
    await page.getByRole("button", { name: "Add line" }).click();
    const second = page.getByRole("group", { name: "line 2" });
    await second.getByRole("textbox", { name: "sku" }).fill("../😀");
    await second.getByRole("textbox", { name: "quantity" }).fill("many");
    await page.getByRole("button", { name: "Send PlaceOrder" }).click();
    await second.getByText("expected number").waitFor();
    await expect.poll(() => second.getByRole("textbox", { name: "quantity" }).getAttribute("aria-invalid")).toBe("true");
    await expect.poll(() => second.getByRole("textbox", { name: "sku" }).getAttribute("aria-invalid")).toBe("true");
    await expectAccessible(page);
    await shot(page, "commands-issues");
    await page.getByRole("button", { name: "Remove line 1" }).click();
    await page.getByRole("textbox", { name: "sku" }).fill("pear");
    await page.getByRole("textbox", { name: "quantity" }).fill("2");
    await page.getByRole("button", { name: "Send PlaceOrder" }).click();
    await page.getByRole("heading", { name: "It was accepted" }).waitFor();
    const [event] = (await store(name).get<{ events: { data: unknown }[] }>("/streams/order/1")).events;
    expect(event?.data).toEqual({ customer: "مرحبا <b>c1</b>", lines: [{ sku: "pear", quantity: 2 }] });
    await page.getByRole("button", { name: "What would it do now?" }).click();
    await page.getByRole("heading", { name: "It would be refused" }).waitFor();
    await page.getByText("order-already-placed").waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it("append facts and events of any shape: choices, lists, maps, names that mean something to JavaScript", async () => {
    const name = freshStore();
    const schema = {
      type: "object",
      required: ["sensor", "__proto__", "where", "level"],
      properties: {
        sensor: { type: "string", description: "<script>alert(1)</script>" },
        ["__proto__"]: { type: ["string", "null"] },
        where: {
          oneOf: [
            { type: "object", required: ["kind", "floor"], properties: { kind: { const: "inside" }, floor: { $ref: "#/$defs/floor" } } },
            { type: "object", required: ["kind"], properties: { kind: { const: "outside" } } },
          ],
        },
        level: { enum: ["low", 2, null] },
        tags: { type: "array", items: { type: "string" } },
        labels: { type: "object", additionalProperties: { type: "string" } },
        extra: {},
        node: { $ref: "#/$defs/node" },
        isOn: { type: "boolean" },
      },
      $defs: {
        floor: { type: "integer", minimum: 3 },
        // It contains itself.
        node: { type: "object", required: ["next"], properties: { next: { $ref: "#/$defs/node" } } },
      },
    };
    expect((await store(name).call("/streams/reading", { key: "sensor", schema }, {}, "PUT")).status).toBe(201);
    const { page, errors, close } = await open("/commands?category=reading", name);
    await page.getByRole("textbox", { name: "sensor" }).fill("roof 2%😀");
    await page.getByLabel("__proto__").first().selectOption("null");
    await page.getByLabel("level").selectOption("low");
    await page.getByRole("button", { name: "Add node" }).click();
    await page.getByRole("button", { name: "Leave out node" }).click();
    await page.getByRole("button", { name: "Add tags" }).click();
    await page.getByRole("button", { name: "Add tag", exact: true }).click();
    await page.getByRole("textbox", { name: "tag 1" }).fill("a");
    await page.getByRole("button", { name: "Add labels" }).click();
    await page.getByLabel("Name of another label").fill("__proto__");
    await page.getByRole("button", { name: "Add label", exact: true }).click();
    await page.getByRole("group", { name: "labels" }).getByRole("textbox", { name: "__proto__" }).fill("y");
    await page.getByLabel("extra").fill('{"x": ');
    await page.getByText("Not valid JSON yet").waitFor();
    const append = page.getByRole("button", { name: "Append ReadingRecorded" });
    await expect.poll(() => append.getAttribute("aria-disabled")).toBe("true");
    await page.getByLabel("extra").fill('{"x": "y"}');
    await expectAccessible(page);
    await shot(page, "commands-event");
    await append.click();
    await page.getByRole("heading", { name: "It was accepted" }).waitFor();
    const [event] = (await store(name).get<{ events: { data: unknown }[] }>("/log")).events;
    expect(event?.data).toStrictEqual(
      JSON.parse(
        JSON.stringify({
          sensor: "roof 2%😀",
          ["__proto__"]: null,
          where: { kind: "inside", floor: 3 },
          level: "low",
          tags: ["a"],
          labels: { ["__proto__"]: "y" },
          extra: { x: "y" },
        }),
      ),
    );

    // A category of any shape: a fact needs no type, an event of a stream does.
    await store(name).call("/streams/note", {}, {}, "PUT");
    await page.goto(page.url().replace(/commands.*/, "commands?category=note&id=1"));
    await expect.poll(() => page.getByRole("button", { name: "Append" }).getAttribute("title")).toContain("type");
    await page.getByLabel("Event type").fill("Noted");
    await page.getByLabel("Event type").press("Enter");
    await page.getByRole("button", { name: "Append Noted" }).click();
    await page.getByRole("heading", { name: "It was accepted" }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });
});
