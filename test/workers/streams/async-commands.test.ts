/** What of asynchronous commands HTTP alone cannot show: objects that are evicted, a log that is down, and thirty days. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { freshStore, interceptLog, read } from "../support.ts";

const COUNT = "/aggregates/counter/1/Count";
const ASYNC = { prefer: "respond-async" };

describe("a command sent with `Prefer: respond-async`", () => {
  it("is durably accepted, and its outcome can be asked for", async () => {
    const { post, json, stream } = freshStore();
    const response = await post(COUNT, { by: 2 }, { ...ASYNC, "idempotency-key": "my command" });
    expect(response.status).toBe(202);
    const location = response.headers.get("location")?.replace(/^\/stores\/[^/]+/, "");
    expect(location).toBe("/aggregates/counter/1/commands/my%20command");
    await evictDurableObject(stream("counter", "1"));
    expect(await json(`${location}?wait=20`)).toMatchObject({
      commandId: "my command",
      status: "accepted",
      stream: "counter/1",
      version: 1,
      position: 1,
      events: [{ type: "Counted", version: 1 }],
    });
  });

  it("is not lost when the log is down: its outcome has no position until the log is back", async () => {
    const { store, post, json } = freshStore();
    const { restore } = interceptLog(store, () => () => Promise.reject(new Error("the log is down")));
    const { commandId } = await read(await post(COUNT, {}, ASYNC));
    const path = `/aggregates/counter/1/commands/${commandId}`;
    expect(await json(path)).not.toHaveProperty("position");
    restore();
    expect(await json(`${path}?wait=20`)).toMatchObject({ status: "accepted", position: 1 });
  });
});

describe("asking for a command's outcome", () => {
  it("after more than thirty days is a 404: receipts are not kept for ever", async () => {
    const { post, get, stream } = freshStore();
    const stub = stream("counter", "1");
    await post(COUNT, {}, { "idempotency-key": "old" });
    await runInDurableObject(
      stub,
      (_instance, { storage }) => void storage.sql.exec(`UPDATE receipts SET recorded_at = recorded_at - 31 * 86400000`),
    );
    await evictDurableObject(stub);
    await post(COUNT, {}, { "idempotency-key": "new" });
    expect((await get("/aggregates/counter/1/commands/old")).status).toBe(404);
    expect((await get("/aggregates/counter/1/commands/new")).status).toBe(200);
  });
});
