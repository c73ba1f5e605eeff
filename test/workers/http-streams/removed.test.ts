/** What a store knows of categories in code: their kind, when code no longer has them, and its earlier schemas. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { codeSchemasOf } from "../../../src/store/code-use.ts";
import { createHttp } from "../../../src/http/worker.ts";
import type { DataSchema } from "../../../src/core/event.ts";
import { category, defineApp, upcast } from "../../../src/index.ts";
import type { Category } from "../../../src/definitions/category.ts";
import { freshStore, read, storeNamed } from "../support.ts";

/** The routes of code that has these categories only. */
function doorsOf(store: string, categories: readonly Category[] = []) {
  const http = createHttp(defineApp({ categories }));
  return async (method: string, path: string, body?: unknown) => {
    const init = { method, ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }) };
    const response = await http.request(`/stores/${store}${path}`, init, env);
    return { status: response.status, ...(response.status === 204 ? {} : await read(response)) };
  };
}

/** Waits until the catalog knows of the category: nobody waits for it otherwise. */
async function known(store: string, name: string): Promise<void> {
  await expect.poll(async () => storeNamed(store).catalog.lookUp(name)).toMatchObject({ status: "in-code" });
}

describe("an aggregate that code no longer has", () => {
  it("is neither declared, retired nor appended to over HTTP, and is read, exported and imported as before", async () => {
    const { store, post } = freshStore("removed");
    await post("/aggregates/counter/1/Count", { by: 2 });
    await known(store, "counter");
    const ask = doorsOf(store);
    for (const [method, path, body] of [
      ["PUT", "/streams/counter", {}],
      ["DELETE", "/streams/counter", undefined],
      ["POST", "/streams/counter", { type: "Counted", data: { by: 1, total: 9 } }],
      ["POST", "/streams/counter/1", { type: "Counted", data: { by: 1, total: 9 } }],
    ] as const) {
      expect(await ask(method, path, body)).toMatchObject({ status: 409, code: "category-was-in-code", kind: "aggregate" });
    }
    const [event] = (await ask("GET", "/streams/counter/1")).events;
    expect(event).toMatchObject({ type: "Counted", data: { by: 2 } });
    expect(await ask("GET", "/streams/counter")).toMatchObject({ kind: "aggregate", origin: "code", removed: true });
    expect(await ask("POST", "/import", JSON.stringify(event))).toMatchObject({ status: 200, known: 1 });
  });

  it("is recognised by its events in an older store, whose catalog does not know of it", async () => {
    const { store, post } = freshStore("removed");
    await post("/aggregates/counter/1/Count", { by: 2 });
    await known(store, "counter");
    await runInDurableObject(env.CATALOGS.getByName(store), (_object, { storage }) =>
      storage.sql.exec("DROP TABLE code_categories").toArray(),
    );
    expect(await doorsOf(store)("PUT", "/streams/counter", {})).toMatchObject({ status: 409, code: "category-was-in-code" });
  });

  it("has its rules once the code has it again, even if its name was declared over HTTP in between", async () => {
    const { store, post, send } = freshStore("removed");
    await doorsOf(store)("PUT", "/streams/counter", {});
    expect((await post("/aggregates/counter/1/Count", { by: 2 })).status).toBe(200);
    await known(store, "counter");
    expect(await doorsOf(store)("POST", "/streams/counter/1", { type: "X", data: {} })).toMatchObject({ status: 409 });
    expect((await send("PUT", "/streams/counter", {})).status).toBe(409);
    expect((await post("/aggregates/counter/1/Count", { by: 2 })).status).toBe(200);
  });
});

describe("a plain category that code no longer has", () => {
  it("can be written to again once it is declared over HTTP, with schemas that may follow those of the code", async () => {
    const { store, post } = freshStore("removed");
    await post("/streams/sample/1", { type: "Read", data: { value: 1 } });
    await known(store, "sample");
    const ask = doorsOf(store);
    expect(await ask("POST", "/streams/sample/1", { type: "Read", data: { value: 2 } })).toMatchObject({ status: 409, kind: "plain" });
    const { events } = await ask("GET", "/streams/sample");
    expect(await ask("PUT", "/streams/sample", { events: { Read: events.Read } })).toMatchObject({
      code: "incompatible-schema",
      eventType: "Calibrated",
    });
    expect(
      await ask("PUT", "/streams/sample", { events: { ...events, Read: { properties: { value: { type: "string" } } } } }),
    ).toMatchObject({
      code: "incompatible-schema",
      eventType: "Read",
    });
    expect(await ask("PUT", "/streams/sample", { events })).toMatchObject({ status: 201 });
    expect(await ask("POST", "/streams/sample/1", { type: "Read", data: { value: 2 } })).toMatchObject({ status: 201 });
  });
});

describe("a plain category that code no longer has, with a schema that cannot be compared,", () => {
  it("shows its other event types, and can be declared with any schema for that one", async () => {
    const { store } = freshStore("removed");
    const odd = z.object({ code: z.string().regex(/(.)\1/) });
    const { events } = category("parcel", { events: { Sent: odd, Lost: z.object({}) } });
    await storeNamed(store).catalog.useCode("parcel", "plain", codeSchemasOf(events));
    const ask = doorsOf(store);
    const shown = await ask("GET", "/streams/parcel");
    expect(shown).toMatchObject({ kind: "plain", origin: "code", removed: true });
    expect(Object.keys(shown.events)).toEqual(["Lost"]);
    const schema = { properties: { code: { type: "integer" } } };
    expect(await ask("PUT", "/streams/parcel", { events: { ...shown.events, Sent: schema } })).toMatchObject({ status: 201 });
  });
});

describe("a schema of code", () => {
  const V1 = z.object({ room: z.string(), guests: z.int().optional() });
  const categoryWith = (schema: DataSchema) => category("booking", { events: { Booked: schema } });

  /** A store that has been used by code with each of these schemas in turn, and the last one's routes. */
  async function usedWith(...schemas: DataSchema[]) {
    const { store } = freshStore("schemas");
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    for (const schema of schemas) await storeNamed(store).catalog.useCode("booking", "plain", codeSchemasOf(categoryWith(schema).events));
    const lines = warned.mock.calls.map(([line]) => line as { message: string; type: string; reason: string });
    warned.mockRestore();
    const { incompatible } = await doorsOf(store, [categoryWith(schemas.at(-1) as DataSchema)])("GET", "/streams/booking");
    return { lines, incompatible };
  }

  it.each<[what: string, next: DataSchema]>([
    ["is the same", V1.clone()],
    ["has an optional member more", V1.extend({ note: z.string().optional() })],
    ["no longer names an optional member", V1.omit({ guests: true })],
    ["accepts more", V1.extend({ room: z.union([z.string(), z.int()]) })],
    ["is a new version", upcast(V1, z.object({ rooms: z.array(z.string()) }), ({ room }) => ({ rooms: [room] }))],
  ])("that %s is no problem", async (_what, next) => {
    expect(await usedWith(V1, next)).toEqual({ lines: [], incompatible: undefined });
  });

  it.each<[what: string, next: DataSchema, path: string]>([
    ["needs a member more", V1.extend({ note: z.string() }), "#/required"],
    ["has a default for a new member", V1.extend({ note: z.string().default("") }), "#/required"],
    ["needs a member that was optional", V1.required(), "#/required"],
    ["has another type for a member", V1.extend({ room: z.int() }), "#/properties/room/type"],
    ["accepts less", V1.extend({ room: z.enum(["a", "b"]) }), "#/properties/room"],
  ])("that %s is one line in the logs, and is shown by GET /streams/{category}", async (_what, next, path) => {
    const { lines, incompatible } = await usedWith(V1, next, next);
    expect(lines).toMatchObject([{ category: "booking", type: "Booked", reason: expect.stringContaining(path) }]);
    expect(incompatible).toMatchObject([
      { eventType: "Booked", version: 1, path: expect.stringContaining(path), since: expect.any(String) },
    ]);
  });

  it.each<[what: string, ...schemas: DataSchema[]]>([
    ["is", V1.extend({ room: z.string().regex(/(.)\1/) }), V1.required()],
    ["was", V1.required(), V1.extend({ room: z.string().regex(/(.)\1/) })],
  ])("that %s beyond what can be compared, as a pattern with a backreference, is no problem", async (_what, ...schemas) => {
    expect(await usedWith(...schemas)).toEqual({ lines: [], incompatible: undefined });
  });

  it("is compared before it is used, and the result is not kept", async () => {
    const { store } = freshStore("schemas");
    await storeNamed(store).catalog.useCode("booking", "plain", codeSchemasOf(categoryWith(V1).events));
    const [next, old] = [categoryWith(V1.extend({ note: z.string() })), categoryWith(V1)].map((one) => doorsOf(store, [one]));
    for (let time = 0; time < 2; time++) expect((await next?.("GET", "/streams/booking"))?.incompatible).toHaveLength(1);
    expect((await old?.("GET", "/streams/booking"))?.incompatible).toBeUndefined();
  });

  it("that was there before is no change, whichever of the two versions of the code runs next", async () => {
    const wider = V1.extend({ note: z.string().optional() });
    expect(await usedWith(V1, wider, V1, wider, V1)).toEqual({ lines: [], incompatible: undefined });
    const narrower = V1.required();
    const { lines, incompatible } = await usedWith(V1, narrower, V1, narrower, V1);
    expect(lines).toHaveLength(1);
    expect(incompatible).toBeUndefined();
  });

  it("is brought to the catalog by the next write if the catalog was out of reach at the first, which is not held up", async () => {
    const { store, post } = freshStore("schemas");
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    const getByName = env.CATALOGS.getByName.bind(env.CATALOGS);
    const away = vi.spyOn(env.CATALOGS, "getByName").mockImplementation((name) => {
      const useCode = () => Promise.reject(new Error("the catalog is away"));
      const real = getByName(name);
      if (name !== store) return real;
      return new Proxy(real, { get: (target, property) => (property === "useCode" ? useCode : Reflect.get(target, property)) });
    });
    expect((await post("/streams/sample/1", { type: "Read", data: { value: 1 } })).status).toBe(201);
    await expect.poll(() => JSON.stringify(warned.mock.calls)).toContain("the store's catalog could not be notified");
    expect(await storeNamed(store).catalog.lookUp("sample")).toBeUndefined();
    away.mockRestore();
    warned.mockRestore();
    await post("/streams/sample/1", { type: "Read", data: { value: 2 } });
    await known(store, "sample");
  });

  it("is brought to the catalog by the first write, and by no other", async () => {
    const { store, post } = freshStore("schemas");
    await post("/streams/sample/1", { type: "Read", data: { value: 1 } });
    await known(store, "sample");
    await runInDurableObject(env.CATALOGS.getByName(store), (_object, { storage }) =>
      storage.sql.exec("DELETE FROM code_categories").toArray(),
    );
    await post("/streams/sample/2", { type: "Read", data: { value: 1 } });
    expect(await storeNamed(store).catalog.lookUp("sample")).toBeUndefined();
  });
});
