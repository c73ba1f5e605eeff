/** Commands whose outcome is asked for later. */

import { describe, expect, it } from "vitest";
import { type Service, read } from "./http.ts";

export function asyncCommands({ freshStore }: Service): void {
  const COUNT = "/aggregates/counter/1/Count";
  const ASYNC = { prefer: "respond-async" };

  describe("a command sent with `Prefer: respond-async`", () => {
    it("is durably accepted, and its outcome can be asked for", async () => {
      const { post, json } = freshStore();
      const response = await post(COUNT, { by: 2 }, { ...ASYNC, "idempotency-key": "my command" });
      expect([response.status, response.headers.get("preference-applied")]).toEqual([202, "respond-async"]);
      const location = response.headers.get("location")?.replace(/^\/stores\/[^/]+/, "");
      expect(location).toBe("/aggregates/counter/1/commands/my%20command");
      expect(await json(`${location}?wait=20`)).toMatchObject({
        commandId: "my command",
        status: "accepted",
        stream: "counter/1",
        version: 1,
        position: 1,
        events: [{ type: "Counted", version: 1 }],
      });
    });

    it.each(["a/b", "%2e", "a?b#c", "%E9", "...", "a b+c"])("is found under its Location even if its id is %s", async (key) => {
      const { post, json } = freshStore();
      const response = await post(COUNT, {}, { ...ASYNC, "idempotency-key": key });
      const location = response.headers.get("location")?.replace(/^\/stores\/[^/]+/, "") ?? "";
      expect(await json(location)).toMatchObject({ commandId: key, status: "accepted" });
    });

    it.each([".", ".."])("is refused with an id that no URL can carry: %s", async (key) => {
      const { post, log } = freshStore();
      for (const headers of [ASYNC, {}]) {
        const response = await post(COUNT, {}, { ...headers, "idempotency-key": key });
        expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
      }
      expect(await log()).toEqual([]);
    });

    it("gets an id if it has none", async () => {
      const { post, json } = freshStore();
      const { commandId } = await read(await post(COUNT, {}, ASYNC));
      expect(await json(`/aggregates/counter/1/commands/${commandId}`)).toMatchObject({ commandId, status: "accepted" });
    });

    it("runs in the order of arrival, together with those that are waited for", async () => {
      const { post, json } = freshStore();
      await Promise.all(Array.from({ length: 20 }, (_, index) => post(COUNT, {}, index % 2 ? ASYNC : {})));
      const { events } = await json("/streams/counter/1");
      expect(events.map(({ data }: { data: { total: number } }) => data.total)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    });

    it.each([
      ["refused", COUNT, { by: 5_000 }, { status: "refused", reason: "too-much", details: { limit: 1_000 } }],
      ["failed", "/aggregates/counter/1/Throw", {}, { status: "failed" }],
      ["accepted without events", "/aggregates/counter/1/DoNothing", {}, { status: "accepted", version: 0, events: [] }],
    ])("may end as %s", async (_status, path, body, outcome) => {
      const { post, json } = freshStore();
      const response = await post(path, body, ASYNC);
      expect(response.status).toBe(202);
      const { commandId } = await read(response);
      expect(await json(`/aggregates/counter/1/commands/${commandId}`)).toMatchObject(outcome);
      expect((await post(path, body, { ...ASYNC, "idempotency-key": commandId })).status).toBe(202);
    });

    it("is still checked at once: an invalid command is not accepted", async () => {
      const { post } = freshStore();
      expect((await post(COUNT, { by: "two" }, ASYNC)).status).toBe(400);
      await post(COUNT, {}, { ...ASYNC, "idempotency-key": "k" });
      expect((await post(COUNT, { by: 7 }, { ...ASYNC, "idempotency-key": "k" })).status).toBe(409);
      expect((await post(COUNT, {}, { ...ASYNC, "if-match": '"9"' })).status).toBe(412);
    });
  });

  describe("asking for a command's outcome", () => {
    it("is a 404 for one that nobody sent", async () => {
      const { post, get } = freshStore();
      await post(COUNT, {});
      const response = await get("/aggregates/counter/1/commands/none?wait=1");
      expect(response.status).toBe(404);
      expect(await read(response)).toMatchObject({ code: "unknown-command-id" });
    });

    it("works for one that was sent the usual way, too, if it had a key", async () => {
      const { post, json } = freshStore();
      await post(COUNT, {}, { "idempotency-key": "k" });
      expect(await json("/aggregates/counter/1/commands/k")).toMatchObject({ status: "accepted", version: 1 });
    });
  });
}
