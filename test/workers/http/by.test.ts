/** The sender of a command: `by`, for `decide` and in the meta of the command's events. */

import { describe, expect, it, vi } from "vitest";
import { told } from "../app.ts";
import { freshStore, read } from "../support.ts";
import { type Bearer, ask, headerOf } from "./tokens.ts";

const ME: Bearer = { rights: "all", stores: "every" };
const OTHER: Bearer = { rights: "write", stores: "every" };

/** A store of a deployment with tokens. */
function guarded(name: string) {
  const { store, ...open } = freshStore(name);
  const send = async (bearer: Bearer, path: string, body: object = {}, headers: Record<string, string> = {}) =>
    ask("POST", `/stores/${store}${path}`, { ...headerOf(bearer), ...headers }, JSON.stringify(body));
  return {
    ...open,
    send,
    metas: async (stream: string) => (await open.json(`/streams/${stream}`)).events.map((event: { meta: object }) => event.meta),
  };
}

describe("a command that a token sends", () => {
  it("gives decide the token's name, and its events keep that, whatever name the client gives", async () => {
    const { send, metas } = guarded("by-token");
    await send(ME, "/aggregates/counter/c/DoNothing", {}, { "x-by": "somebody", by: "somebody" });
    expect(told.at(-1)?.by).toBe("all of every");
    await send(ME, "/aggregates/counter/c/CountTwice");
    await send(OTHER, "/aggregates/counter/c/Count", {}, { prefer: "respond-async" });
    expect((await metas("counter/c")).map(({ by }: { by: string }) => by)).toEqual(["all of every", "all of every", "write of every"]);
    const [first] = await metas("counter/c");
    expect(Object.keys(first)).toEqual(["correlationId", "causationId", "by", "$command"]);
    expect(JSON.stringify(await metas("counter/c"))).not.toContain("hs_");
  });

  it("gives decide the name in a dry run, too", async () => {
    const { send } = guarded("by-dry-run");
    expect((await send(ME, "/aggregates/counter/c/DoNothing?dryRun=true")).status).toBe(200);
    expect(told.at(-1)?.by).toBe("all of every");
  });

  it("may be repeated by anyone with its key: the event stays the first sender's", async () => {
    const { send, metas } = guarded("by-repeat");
    const key = { "idempotency-key": "once" };
    await send(ME, "/aggregates/counter/c/Count", {}, key);
    const again = await send(OTHER, "/aggregates/counter/c/Count", {}, key);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await metas("counter/c")).toMatchObject([{ by: "all of every" }]);
  });

  it("starts a saga in its name; the commands that the saga then sends are in nobody's", async () => {
    const { send, metas } = guarded("by-saga");
    await send(OTHER, "/aggregates/purse/a/Put", { amount: 9 });
    const started = await send(ME, "/sagas/move/m", { from: ["a"], to: "b", amount: 5 }, { prefer: "wait=30" });
    expect(await read(started)).toMatchObject({ status: "completed" });
    expect((await metas("move/m"))[0]).toMatchObject({ by: "all of every" });
    const [put, taken] = await metas("purse/a");
    expect(put).toHaveProperty("by", "write of every");
    expect(taken).not.toHaveProperty("by");
  });
});

describe("without a sender", () => {
  it("there is no name: in a store without tokens, for timers, and for a processor's commands", async () => {
    const { post, send, metas } = guarded("by-nobody");
    await post("/aggregates/counter/c/DoNothing", {});
    expect(told.at(-1)).not.toHaveProperty("by");
    await send(ME, "/aggregates/reminder/r/Ask", { in: "0s", event: false });
    await vi.waitFor(async () => expect(await metas("reminder/r")).toHaveLength(1), { timeout: 10_000 });
    expect((await metas("reminder/r"))[0]).not.toHaveProperty("by");
    await send(ME, "/streams/reading/s", { type: "Read", data: { value: 1 } });
    await vi.waitFor(async () => expect(await metas("counter/of-s")).toHaveLength(1), { timeout: 10_000 });
    expect((await metas("counter/of-s"))[0]).not.toHaveProperty("by");
  });

  it("an append keeps the meta that it was given, and nothing is added", async () => {
    const { send, metas } = guarded("by-append");
    await send(ME, "/streams/reading/s", {
      events: [
        { type: "Read", data: { value: 1 } },
        { type: "Read", data: { value: 2 }, meta: { by: "a claim" } },
      ],
    });
    expect(await metas("reading/s")).toEqual([{}, { by: "a claim" }]);
  });
});
