/** After a rollback, objects that newer code has written refuse older code, which would misread them: nothing is read, and nothing stored. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { AppError, consequenceOf } from "../../../src/core/platform-errors.ts";
import { objects } from "../../../src/runtime.ts";
import { FORMATS, FORMAT_KEY } from "../../../src/store/stored-format.ts";
import { expectErrors } from "../errors.ts";
import { NO_APP, freshStore, read } from "../support.ts";

/** A store with an event and a webhook. */
async function written() {
  const store = freshStore("format");
  await store.send("PUT", "/streams/noted", {});
  await store.post("/streams/noted/1", { type: "NotedRecorded", data: { note: "here" } });
  const { id } = await read(await store.post("/webhooks", { url: "http://127.0.0.1:9/", types: ["NotedRecorded"] }));
  return { ...store, id: String(id) };
}
type Written = Awaited<ReturnType<typeof written>>;

/** The class, its binding, an object of it, and a request that needs the object. */
const CLASSES: readonly [keyof ReturnType<typeof objects>, keyof typeof FORMATS, (of: Written) => string, (of: Written) => string][] = [
  ["StreamObject", "STREAMS", ({ store }) => `${store}/noted/1`, () => "/streams/noted/1"],
  ["LogObject", "LOGS", ({ store }) => store, () => "/log"],
  ["WebhookObject", "WEBHOOKS", ({ store, id }) => `${store}/${id}`, ({ id }) => `/webhooks/${id}`],
  ["CatalogObject", "CATALOGS", ({ store }) => store, () => "/streams/noted"],
];

describe.each(CLASSES)("%s", (className, binding, nameOf, pathOf) => {
  it("is 503 `stored-by-newer-code` if its storage is of a newer version", async () => {
    expectErrors(/stored-by-newer-code/);
    const store = await written();
    const object = env[binding].getByName(nameOf(store)) as DurableObjectStub;
    expect((await store.get(pathOf(store))).status).toBe(200);
    await runInDurableObject(object, (_instance, { storage }) => storage.kv.put(FORMAT_KEY, FORMATS[binding] + 1));
    await evictDurableObject(object);
    const refused = await store.get(pathOf(store));
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await read(refused)).toMatchObject({
      code: "stored-by-newer-code",
      detail: `this object was written by newer code: version ${FORMATS[binding] + 1} of what ${binding} store, and this code knows ${FORMATS[binding]}. Deploy code that knows ${FORMATS[binding] + 1}`,
    });
  });

  it("treats storage without a version as version 1, and writes the version where it is a later one", async () => {
    const store = await written();
    const object = env[binding].getByName(nameOf(store)) as DurableObjectStub;
    const Class = objects(NO_APP)[className];
    await runInDurableObject(object, (_instance, state) => {
      const stored = state.storage.kv.get(FORMAT_KEY);
      expect(stored === undefined ? 1 : Number(stored)).toBe(FORMATS[binding]);
      state.storage.kv.delete(FORMAT_KEY);
      expect(() => new Class(state, env)).not.toThrow();
      state.storage.kv.put(FORMAT_KEY, FORMATS[binding]);
      expect(() => new Class(state, env)).not.toThrow();
      state.storage.kv.put(FORMAT_KEY, FORMATS[binding] + 1);
      expect(() => new Class(state, env)).toThrow("this object was written by newer code");
      state.storage.kv.delete(FORMAT_KEY);
    });
  });
});

it("a consumer waits for newer code, and blames no event; an app's error with the same message counts as the app's", () => {
  const error = new Error("this object was written by newer code: version 2 of what LOGS store, and this code knows 1");
  expect(consequenceOf(error)).toBe("passes");
  expect(consequenceOf(new AppError(error.message, { cause: error }))).toBe("blames");
});
