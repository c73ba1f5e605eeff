import { describe, expect, it } from "vitest";
import { freshStore } from "../support.ts";
import { storedEvents } from "./events.ts";

const BATCH = { accept: "application/cloudevents-batch+json" };

describe("a page of the log as CloudEvents", () => {
  it("has the same events as the page as JSON, with their positions", async () => {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, 3));
    await store.logObject().sequence("b/1", storedEvents(1, 3));
    const response = await store.get("/log?category=b&limit=2", BATCH);
    expect(response.headers.get("content-type")).toBe(BATCH.accept);
    const batch = await response.json<{ id: string; type: string; logposition: string; data: unknown }[]>();
    const { events } = await store.json("/log?category=b&limit=2");
    expect(batch.map(({ id, type, logposition, data }) => ({ id, type, position: Number(logposition), data }))).toEqual(
      events.map(({ id, type, position, data }: Record<string, unknown>) => ({ id, type, position, data })),
    );
  });

  it("has the start of the next page in its headers, even when a filter has left it empty", async () => {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, 3));
    const first = await store.get("/log?limit=2", BATCH);
    expect([first.headers.get("headspring-position"), first.headers.get("link")]).toEqual([
      "2",
      `</stores/${store.store}/log?limit=2&after=2>; rel="next"`,
    ]);
    const none = await store.get("/log?type=None", BATCH);
    expect([await none.json(), none.headers.get("headspring-position"), none.headers.get("link")]).toEqual([[], "3", null]);
  });
});
