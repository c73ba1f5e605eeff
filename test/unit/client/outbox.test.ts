/** An outbox whose storage has what is not its own, and its live lists when the view's rows end, fail or go. */

import { describe, expect, it } from "vitest";
import { createClient, createOutbox } from "../../../src/client/index.ts";
import type { OutboxStorage } from "../../../src/client/outbox-queue.ts";
import type { shop } from "../../../src/shop/app.ts";

type Product = { readonly id: string; readonly quantity: number };
type Change = { type: "rows"; rows: Map<string, Product> } | { type: "row"; key: string; row: Product } | { type: "removed"; key: string };
interface LiveOptions {
  readonly signal?: AbortSignal;
}

const RECEIVED = { stream: "product/tea", version: 1, position: 1, events: [], commandId: "c" };
/** A store that carries out every command, and never says more. */
const online = () => createClient<typeof shop>("https://shop.example", { fetch: () => Response.json(RECEIVED) });
/** A store that does not answer. */
const offline = () => createClient<typeof shop>("https://shop.example", { fetch: () => new Promise<Response>(() => {}) });

function storageOf(items: Map<string, string>): OutboxStorage {
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => void items.set(name, value),
    removeItem: (name) => void items.delete(name),
  };
}

const row = (id: string, quantity: number): [string, Product] => [id, { id, quantity }];

/** A list over live rows that a test gives, with the commands of an outbox that is offline. */
function listOver(live: (options: LiveOptions) => AsyncIterable<Change>) {
  const outbox = createOutbox(offline());
  const view = { live: (_conditions?: object, options: LiveOptions = {}) => live(options) };
  const list = outbox.over<Product>(view, (rows, { command, id, data }) => {
    if (command === "ReceiveStock") rows.set(id, { id, quantity: (rows.get(id)?.quantity ?? 0) + data.quantity });
  });
  return { outbox, list };
}

describe("an outbox", () => {
  it.each([
    ["that is cut off", '{"category":"product"'],
    ["that is null", "null"],
    ["that is a number", "7"],
    ["that is of another form", '{"category":"product","at":1}'],
    ["that says nothing", ""],
  ])("leaves alone something %s under its name, and sends what is its own", async (_what, text) => {
    const items = new Map([["headspring-outbox/0", text]]);
    const before = createOutbox(offline(), { storage: storageOf(items) });
    void before.product("tea").ReceiveStock({ quantity: 1 });
    expect(items.size).toBe(2);
    const answered: unknown[] = [];
    const after = await new Promise<typeof before>((resolve) => {
      const outbox = createOutbox(online(), {
        storage: storageOf(items),
        onAnswer: (command, answer) => {
          answered.push([command.id, answer]);
          resolve(outbox);
        },
      });
    });
    expect(answered).toEqual([["tea", expect.objectContaining({ ok: true, version: 1 })]]);
    expect([after.commands, [...items]]).toEqual([[], [["headspring-outbox/0", text]]]);
  });
});

describe("a live list over an outbox", () => {
  it("shows the rows as they change and go, with what waits done to them", async () => {
    const { outbox, list } = listOver(async function* () {
      yield { type: "rows", rows: new Map([row("tea", 1), row("salt", 2)]) };
      yield { type: "row", key: "tea", row: { id: "tea", quantity: 5 } };
      yield { type: "removed", key: "salt" };
    });
    void outbox.product("tea").ReceiveStock({ quantity: 10 });
    let last: unknown;
    // It ends when the view's rows do.
    for await (const change of list.live()) last = change;
    expect(last).toEqual({ type: "rows", rows: new Map([row("tea", 15)]) });
  });

  it("fails as the view's rows fail, after it has shown what came before", async () => {
    const failure = new Error("the view is gone");
    const { list } = listOver(async function* () {
      yield { type: "rows", rows: new Map([row("tea", 1)]) };
      throw failure;
    });
    const seen: unknown[] = [];
    const read = async () => {
      for await (const change of list.live()) seen.push(change);
    };
    await expect(read()).rejects.toBe(failure);
    expect(seen).toEqual([{ type: "rows", rows: new Map([row("tea", 1)]) }]);
  });

  it("ends quietly when its signal aborts, also one that has aborted before", async () => {
    const fails: (options: LiveOptions) => AsyncIterable<Change> = async function* ({ signal }) {
      signal?.throwIfAborted();
      yield { type: "rows", rows: new Map([row("tea", 1)]) };
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      signal?.throwIfAborted();
    };
    const abort = new AbortController();
    const seen: unknown[] = [];
    for (const signal of [abort.signal, AbortSignal.abort()]) {
      for await (const change of listOver(fails).list.live({}, { signal })) {
        seen.push(change);
        abort.abort();
      }
    }
    expect(seen).toHaveLength(1);
  });
});
