/** What of categories declared at run time HTTP alone cannot show: the catalog's object, its limits, and what it stores. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { freshStore, read } from "../support.ts";

const CELSIUS = { type: "object", properties: { celsius: { type: "number" } }, required: ["celsius"], additionalProperties: false };

/** A store with requests that expect a problem. */
function store() {
  const one = freshStore("categories");
  const put = (path: string, body: unknown) => one.send("PUT", path, body);
  const problem = async (response: Response | Promise<Response>) => {
    const { status, headers } = await response;
    expect(headers.get("content-type")).toBe("application/problem+json");
    return { httpStatus: status, ...(await read(await response)) };
  };
  return { ...one, put, problem, remove: (path: string) => one.send("DELETE", path) };
}

describe("the catalog of a store", () => {
  it("refuses one more category than a store may have", async () => {
    const { put, problem, store: name } = store();
    await put("/streams/first", {});
    await runInDurableObject(env.CATALOGS.getByName(name), (_object, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
         INSERT INTO categories (name, revision, definition, declared_at) SELECT 'c' || i, 1, '{"strict":false,"events":{}}', 0 FROM n`,
      );
    });
    expect(await problem(put("/streams/last", {}))).toMatchObject({ httpStatus: 409, code: "too-many-categories" });
    expect((await put("/streams/first", { description: "known already" })).status).toBe(200);
  });

  it("survives the death of the object that keeps it", async () => {
    const { put, json, remove, store: name } = store();
    await put("/streams/kept", { schema: CELSIUS });
    await put("/streams/gone", {});
    await remove("/streams/gone");
    await evictDurableObject(env.CATALOGS.getByName(name));
    expect(await json("/streams/kept")).toMatchObject({ revision: 1, events: { KeptRecorded: CELSIUS } });
    expect((await json("/streams/gone")).code).toBe("category-retired");
  });

  it("leaves nothing behind in a store where nothing was declared", async () => {
    const { json, store: name } = store();
    await json("/streams");
    expect((await json("/streams/nothing")).code).toBe("unknown-category");
    const tables = await runInDurableObject(env.CATALOGS.getByName(name), (_object, { storage }) =>
      storage.sql.exec(`SELECT name FROM sqlite_master WHERE name = 'categories'`).toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("refuses one more earlier version than it keeps, in number and in size, and loses none", async () => {
    const { put, problem, json, store: name } = store();
    const version = (number: number, more: object = {}) => ({ schema: { "x-version": number, ...more } });
    await put("/streams/many", version(1));
    await runInDurableObject(env.CATALOGS.getByName(name), (_object, { storage }) => {
      storage.sql.exec(`UPDATE categories SET definition = json_set(definition, '$.events.ManyRecorded."x-version"', 1000)`);
      storage.sql.exec(
        `CREATE TABLE earlier_schemas (category TEXT NOT NULL, event_type TEXT NOT NULL, version INTEGER NOT NULL, schema TEXT NOT NULL,
                                       PRIMARY KEY (category, event_type, version)) STRICT, WITHOUT ROWID`,
      );
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
         INSERT INTO earlier_schemas SELECT 'many', 'ManyRecorded', i, '{"x-version":' || i || '}' FROM n`,
      );
    });
    expect((await put("/streams/many", version(1_001))).status).toBe(200);
    expect(await problem(put("/streams/many", version(1_002)))).toMatchObject({ httpStatus: 409, code: "too-many-versions" });
    // What adds no version is still taken.
    expect((await put("/streams/many", { ...version(1_001), description: "as it was" })).status).toBe(200);
    const { versions } = await json("/streams/many");
    expect(Object.keys(versions.ManyRecorded)).toHaveLength(1_001);
    expect(versions.ManyRecorded["7"]).toEqual({ "x-version": 7 });

    const large = { description: "x".repeat(200_000) };
    for (let number = 1; number <= 21; number++) expect((await put("/streams/large", version(number, large))).ok).toBe(true);
    expect(await problem(put("/streams/large", version(22, large)))).toMatchObject({ httpStatus: 409, code: "too-many-versions" });
    expect(Object.keys((await json("/streams/large")).versions.LargeRecorded)).toHaveLength(21);
  });
});
