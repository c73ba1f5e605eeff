import { storeNamed } from "../support.ts";
import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { reactorConsumer } from "../../../src/processors/reactor-consumer.ts";
import { app, relay } from "../app.ts";
import { quietStore } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

function store(name: string) {
  const quiet = quietStore(name);
  const { store: id, read } = quiet;
  /** The consumer of a processor that wants no history, under a name of its own. */
  const consumer = (name: string) => reactorConsumer(storeNamed(id, app), { ...relay, name, start: "head" });
  return { ...quiet, id, append: (value: number) => read("s", value), consumer };
}

describe("a consumer that starts at the head", () => {
  it("begins after the events that existed when the log first knew of it", async () => {
    const { id, append, consumer } = store("later");
    for (const value of [1, 2]) await append(value);
    expect(await storeNamed(id).log.knownSince("new")).toBe(2);
    await append(3);
    const one = consumer("new");
    expect(await one.checkpoint.look()).toBeUndefined();
    await catchUp(
      { ...one, apply: async ({ events, to }) => (expect(events.map(({ position }) => position)).toEqual([3]), { position: to }) },
      storeNamed(id).log,
      0,
    );
    expect(await one.checkpoint.look()).toMatchObject({ position: 2 });
  });

  it("is known to the log from then on, whatever the log's object forgets in between", async () => {
    const { id, append, logObject } = store("evicted");
    await append(1);
    expect(await storeNamed(id).log.knownSince("new")).toBe(1);
    await append(2);
    await evictDurableObject(logObject());
    expect(await storeNamed(id).log.knownSince("new")).toBe(1);
  });
});
