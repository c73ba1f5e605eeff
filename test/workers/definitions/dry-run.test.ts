/** `PUT …?dryRun=true`: what a declaration would do, and nothing of it is done. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";

/** A store whose declarations are tried before they are made: what a dry run says is what then happens. */
function store(name: string) {
  const one = quietStore(name);
  const put = async (path: string, body: unknown) => {
    const response = await one.send("PUT", path, body);
    return { httpStatus: response.status, ...(await read(response)) };
  };
  /** All rows of the catalog. */
  const kept = async () =>
    runInDurableObject(env.CATALOGS.getByName(one.store), (_object, { storage }) =>
      storage.sql
        .exec<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'`)
        .toArray()
        .map(({ name: table }) => [table, storage.sql.exec(`SELECT * FROM "${table}"`).toArray()]),
    );
  const all = async () => [await kept(), await one.json("/log"), await one.json("/consumers"), await one.json("/streams")];
  /** Tries the declaration, and requires that it leaves everything as it is. */
  const dry = async (path: string, body: unknown, query = "") => {
    const before = await all();
    const answer = await put(`${path}?dryRun=true${query}`, body);
    expect(await all()).toEqual(before);
    return answer;
  };
  return { ...one, put, dry };
}

const VIEW = { from: "reading" };
const OTHER_VIEW = { from: "reading", where: "data.value > 1" };
const STEPS = { from: "reading", steps: [{ filter: "data.value > 1" }] };

describe.each([
  ["/views/mine", VIEW, OTHER_VIEW],
  ["/processors/mine", STEPS, { ...STEPS, onError: "skip" }],
  ["/streams/mine", { schema: { type: "object" } }, { schema: { type: "object", description: "other" } }],
])("a dry run of PUT %s", (path, first, other) => {
  it("predicts what the declaration then does: add, leave as it is, or change", async () => {
    const { put, dry } = store("outcomes");
    for (const [definition, outcome, revision] of [
      [first, "created", 1],
      [first, "same", 1],
      [other, "changed", 2],
      [other, "same", 2],
    ] as const) {
      expect(await dry(path, definition)).toMatchObject({ httpStatus: 200, dryRun: true, name: "mine", outcome, revision });
      expect(await put(path, definition)).toMatchObject({ httpStatus: outcome === "created" ? 201 : 200, revision });
    }
  });

  it("refuses what the declaration refuses, with the same problem", async () => {
    const { put, dry, send } = store("refusals");
    const wrong = path.startsWith("/streams")
      ? [{ schema: { type: "nothing" } }, { schema: true, events: {} }, { color: 1 }]
      : [
          { ...first, from: "nobody" },
          { ...first, color: 1 },
          { ...first, types: ["Nobody"] },
          { ...first, from: "retired" },
        ];
    await send("PUT", "/streams/retired", {});
    await send("DELETE", "/streams/retired");
    for (const body of wrong) {
      const tried = await dry(path, body);
      expect(tried.httpStatus).toBeGreaterThanOrEqual(400);
      expect(tried).toEqual(await put(path, body));
    }
    for (const name of ["reading", "totals", "relay", "retired", "a b"]) {
      const at = path.replace("mine", encodeURIComponent(name));
      const tried = await dry(at, first);
      if (tried.httpStatus !== 200) expect(tried).toEqual(await put(at, first));
      else expect((await put(at, first)).httpStatus).toBe(201);
    }
  });

  it("accepts no other parameter, and no other value", async () => {
    const { put } = store("parameters");
    for (const query of ["dryRun=yes", "dryrun=true", "dryRun=true&dryRun=false"])
      expect(await put(`${path}?${query}`, first)).toMatchObject({ httpStatus: 400, code: "invalid-request" });
    expect(await put(`${path}?dryRun=false`, first)).toMatchObject({ httpStatus: 201 });
  });
});

describe("a dry run of a view's declaration", () => {
  it("predicts whether the store would build a table", async () => {
    const { put, dry } = store("builds");
    expect(await dry("/views/mine", VIEW)).toMatchObject({ builds: true });
    await put("/views/mine", VIEW);
    expect(await dry("/views/mine", VIEW)).toMatchObject({ builds: false });
    expect(await dry("/views/mine", { ...VIEW, description: "the latest" })).toMatchObject({ outcome: "changed", builds: false });
    expect(await dry("/views/mine", OTHER_VIEW)).toMatchObject({ outcome: "changed", builds: true });
  });
});

describe("a dry run of a category's declaration", () => {
  const schema = (more: object = {}) => ({ schema: { type: "object", properties: { n: { type: "number" } }, required: ["n"], ...more } });

  it("counts how many of the latest events fit, and shows those that do not", async () => {
    const { put, dry, post, send } = store("fits");
    await put("/streams/notes", {});
    for (const n of [1, "two", 3, "four", 5]) await post("/streams/notes", { n });
    await post("/streams/notes/x", { type: "Other", data: {} });
    await send("DELETE", "/streams/notes/x");
    const next = (version: number) => ({ ...schema({ "x-version": version }), strict: false });
    const answer = await dry("/streams/notes", next(2));
    expect(answer).toMatchObject({ httpStatus: 200, outcome: "changed", fit: { checked: 6, fit: 4, from: 1 } });
    expect(answer.fit.misfits).toMatchObject([
      {
        position: 4,
        version: 1,
        type: "NotesRecorded",
        schemaVersion: 1,
        issues: [{ path: "n", message: "must be a number, got a string" }],
      },
      { position: 2 },
    ]);
    expect(await dry("/streams/notes", next(2), "&last=3")).toMatchObject({ fit: { checked: 2, fit: 2, from: 5 } });
    for (const last of ["0", "1001", "x"])
      expect(await put(`/streams/notes?dryRun=true&last=${last}`, {})).toMatchObject({ httpStatus: 400 });
  });

  it("is refused where stored events might not fit, and counts those too", async () => {
    const { put, dry, post } = store("incompatible");
    await put("/streams/notes", schema());
    for (const n of [1, 2.5]) await post("/streams/notes", { n });
    const stricter = schema({ properties: { n: { type: "integer" } } });
    const { fit, ...problem } = await dry("/streams/notes", stricter);
    expect(problem).toMatchObject({
      httpStatus: 409,
      code: "incompatible-schema",
      eventType: "NotesRecorded",
      path: "#/properties/n/type",
    });
    expect(fit).toMatchObject({ checked: 2, fit: 1, misfits: [{ position: 2 }] });
    expect(problem).toEqual(await put("/streams/notes", stricter));
  });

  it("leaves out what was erased, and counts nothing for a new category", async () => {
    const { put, dry, post, send } = store("erased");
    expect(await dry("/streams/notes", schema())).not.toHaveProperty("fit");
    await put("/streams/notes", schema());
    await post("/streams/notes/a", { type: "NotesRecorded", data: { n: 1 } });
    await send("DELETE", "/streams/notes/a?erase=true");
    expect(await dry("/streams/notes", schema())).toMatchObject({ outcome: "same", fit: { checked: 0, fit: 0, misfits: [] } });
  });

  it("stops at the last event that its budget of steps allows, however costly the schema is", async () => {
    const { put, dry, post } = store("costly");
    await put("/streams/notes", {});
    const list = Array.from({ length: 300 }, () => 299);
    const events = Array.from({ length: 20 }, () => ({ type: "NotesRecorded", data: { list } }));
    await post("/streams/notes/a", { events });
    const items = { anyOf: Array.from({ length: 300 }, (_, index) => ({ const: index })) };
    const answer = await dry("/streams/notes", { schema: { properties: { list: { items } }, "x-version": 2 }, strict: false });
    const { checked, fit, from } = answer.fit;
    expect([answer.outcome, checked === fit, checked > 0, checked < 20, from]).toEqual(["changed", true, true, true, 21 - checked]);
  });
});
