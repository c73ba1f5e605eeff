import { describe, expect, it, vi } from "vitest";
import { freshStore, read } from "../support.ts";

const until = <Answer>(ask: () => Promise<Answer>) => vi.waitFor(ask, { timeout: 20_000, interval: 100 });

describe("a view that is declared over HTTP", () => {
  it("is built from the events before it and after it, and is a consumer like any other", async () => {
    const store = freshStore("declared-view");
    await store.post("/streams/reading/a", { type: "Read", data: { value: 1 } });
    const put = await store.send("PUT", "/views/latest", { from: "reading" });
    expect([put.status, put.headers.get("location")]).toEqual([201, `/stores/${store.store}/views/latest`]);
    expect(await read(put)).toMatchObject({ name: "latest", origin: "api", revision: 1, definition: { from: "reading" } });
    await until(async () => expect((await store.json("/views/latest")).rows).toHaveLength(1));
    await store.post("/streams/reading/b", { type: "Read", data: { value: 2 } });
    await until(async () => expect((await store.json("/views/latest")).rows).toHaveLength(2));
    const { consumers } = await store.json("/consumers");
    expect(consumers.find(({ name }: { name: string }) => name === "latest")).toMatchObject({ kind: "view" });
    expect((await store.send("PUT", "/views/latest", { from: "reading" })).status).toBe(200);
    expect((await store.send("DELETE", "/views/latest")).status).toBe(204);
    expect((await store.get("/views/latest")).status).toBe(404);
    expect((await store.send("DELETE", "/views/latest")).status).toBe(404);
  });
});
