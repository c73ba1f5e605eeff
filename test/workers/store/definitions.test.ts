/** The one place that answers which category, view, processor or webhook a name means. */

import { describe, expect, it } from "vitest";
import { Definitions } from "../../../src/store/definitions.ts";
import { newEffort } from "../../../src/schemas/checker.ts";
import { app, reading, values } from "../app.ts";
import { freshStore, storeNamed } from "../support.ts";

const schema = (type: string) => ({ schema: { type: "object", properties: { level: { type } }, required: ["level"] } });

describe("the definitions of a store", () => {
  it("in code are found without a call, whichever kind they are", async () => {
    const definitions = new Definitions(app, "uncalled", () => {
      throw new Error("called");
    });
    expect(await definitions.category("reading")).toMatchObject({ status: "in-code", declared: reading });
    expect(await definitions.category("counter")).toMatchObject({ status: "in-code", declared: { kind: "aggregate" } });
    expect(await definitions.describeCategory("reading")).toEqual({ status: "in-code", declared: reading });
    expect(await definitions.view("values")).toEqual(values);
    expect(definitions.inCode.views).toHaveLength(app.views.size);
    expect(await definitions.processor("values")).toBeUndefined();
    expect(definitions.inCode.processors).toHaveLength(app.processors.size);
    expect(await definitions.kindOf("values")).toBe("view");
    expect(await definitions.kindOf([...app.processors.keys()][0]!)).toBe("processor");
    expect(await definitions.kindOf("wh_0190")).toBe("webhook");
    expect(await definitions.kindOf("no name")).toBeUndefined();
    await expect(definitions.kindOf("elsewhere")).rejects.toThrow("called");
    await expect(definitions.category("elsewhere")).rejects.toThrow("called");
  });

  it("in the catalog are found in the same way, and a change counts from the next look-up on", async () => {
    const { store, send } = freshStore("declared");
    const { definitions } = storeNamed(store, app);
    const tank = async () => {
      const found = await definitions.category("tank");
      return found?.status === "declared" ? found.category : undefined;
    };
    const check = async (level: unknown) => (await tank())?.check("TankRecorded", { level }, newEffort());
    expect(await definitions.category("tank")).toBeUndefined();
    await send("PUT", "/streams/tank", schema("integer"));
    expect(await check(1)).toEqual({ data: '{"level":1}', schemaVersion: 1 });
    expect(await check(1.5)).toHaveProperty("issues");
    expect(await tank()).toBe(await tank());
    await send("PUT", "/streams/tank", schema("number"));
    expect(await check(1.5)).toEqual({ data: '{"level":1.5}', schemaVersion: 1 });
    expect(await definitions.describeCategory("tank")).toMatchObject({ status: "declared", revision: 2 });
    await send("DELETE", "/streams/tank");
    expect(await definitions.category("tank")).toEqual({ status: "retired" });
    expect(await definitions.describeCategory("tank")).toEqual({ status: "retired" });
  });

  it("list a category that both the code and the catalog declare once, as the code has it", async () => {
    const { store, send } = freshStore("both");
    await send("PUT", "/streams/tank", schema("integer"));
    await storeNamed(store).catalog.declare("reading", JSON.stringify({ strict: false, events: {}, facts: true }));
    const { inCode, overHttp } = await storeNamed(store, app).definitions.categories();
    expect(overHttp.map(({ name }) => name)).toEqual(["tank"]);
    expect(inCode.map(({ name }) => name)).toEqual([...app.aggregates.keys(), ...app.categories.keys()]);
    expect((await storeNamed(store).definitions.categories()).overHttp.map(({ name }) => name)).toEqual(["reading", "tank"]);
  });

  it("include the store's own category for imports, and no webhook with an impossible id", async () => {
    const { definitions } = storeNamed("own");
    expect(await definitions.category("$webhook")).toMatchObject({ status: "system" });
    expect(await definitions.category("$other")).toBeUndefined();
    expect(["wh_1", "wh_a/b", "wh_%", "values", ""].filter((id) => definitions.mayBeWebhook(id))).toEqual(["wh_1"]);
  });
});
