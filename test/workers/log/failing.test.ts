/** What of the log holds when its storage fails in the middle, or it is asked what it cannot answer. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type MockInstance, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PackedTable } from "../../../src/log/packed-table.ts";
import { CLOSE } from "../../../src/log/subscription.ts";
import { freshStore, setVariables } from "../support.ts";
import { storedEvent, storedEvents } from "./events.ts";
import { SocketClient } from "./subscribers.ts";

let complaints: MockInstance<typeof console.error>;

beforeEach(() => {
  complaints = vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

type Store = ReturnType<typeof freshStore>;

/** Lets the storage of a store's log fail at an event of this version, until the test stops that. An event's line in its page begins with stream and version. */
async function breakAt({ logObject }: Store, version: number) {
  const exec = (sql: string) => runInDurableObject(logObject(), (_instance, { storage }) => void storage.sql.exec(sql));
  await exec(
    `CREATE TRIGGER broken BEFORE INSERT ON pages WHEN instr(NEW.head, '",${version},"') OR instr(NEW.head, '[0,${version},"') BEGIN SELECT RAISE(ABORT, 'broken disk'); END`,
  );
  return () => exec(`DROP TRIGGER broken`);
}

const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm());

describe("a group that the storage refuses (promise 3)", () => {
  it("leaves no trace: nothing of it is stored or shown, and nothing is missing afterwards", async () => {
    const store = freshStore("broken");
    const log = store.logClient();
    await log.sequence("s/0", [storedEvent(1)]);
    const mend = await breakAt(store, 3);
    // Together in one group, of which the last event fails.
    const group = () => [log.sequence("s/1", storedEvents(1, 2)), log.sequence("s/2", storedEvents(1, 3))];
    const outcomes = await Promise.allSettled(group());
    expect(outcomes.at(-1)).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("broken disk") } });
    const taken = outcomes.filter(({ status }) => status === "fulfilled").length;
    expect(await store.log()).toHaveLength(1 + 2 * taken);
    expect(await log.sequence("s/2", [])).toEqual({ head: 0 });
    await mend();
    await Promise.all(group());
    const events = await store.log();
    expect(events.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const [stream, last] of [
      ["s/1", 2],
      ["s/2", 3],
    ] as const)
      expect(events.filter((event) => event.stream === stream).map(({ version }) => version)).toEqual(
        Array.from({ length: last }, (_, index) => index + 1),
      );
  });

  it("wakes its consumers when it is sent again, although the alarm of the first attempt was rolled back", async () => {
    const store = freshStore("unrung");
    const log = store.logClient();
    await runInDurableObject(store.logObject(), (_instance, { storage }) => {
      const real = storage.transactionSync.bind(storage);
      // All of it is carried out, and then not kept: its events, and the alarm that was set for them.
      vi.spyOn(storage, "transactionSync").mockImplementationOnce((work) =>
        real(() => {
          work();
          throw new Error("broken disk");
        }),
      );
    });
    await expect(log.sequence("s/0", [storedEvent(1)])).rejects.toThrow("broken disk");
    expect(await store.log()).toEqual([]);
    expect(await alarmOf(store.logObject())).toBeNull();
    await log.sequence("s/0", [storedEvent(1)]);
    expect(await store.log()).toMatchObject([{ position: 1 }]);
    expect(await alarmOf(store.logObject())).not.toBeNull();
  });

  it("does not make the log note where a new consumer begins", async () => {
    setVariables({ TOLD_URL: "http://told.test/", TOLD_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
    const store = freshStore("origins");
    const log = store.logClient();
    await runInDurableObject(store.logObject(), (_instance, { storage }) => {
      const table = new PackedTable(storage, 1);
      table.accept("s/0", [storedEvent(1)]);
      table.flush();
      storage.sql.exec(`DELETE FROM pages`);
    });
    const mend = await breakAt(store, 1);
    await expect(log.sequence("s/0", [storedEvent(1)])).rejects.toThrow("broken disk");
    const noted = () => runInDurableObject(store.logObject(), (_instance, { storage }) => storage.kv.get<object>("origins"));
    expect(await noted()).toBeUndefined();
    await mend();
    await log.sequence("s/0", [storedEvent(1)]);
    expect(await noted()).toEqual({ told: 0 });
    expect(await log.knownSince("told")).toBe(0);
  });
});

describe("a subscription to a log that cannot be read", () => {
  it("is closed with the reason, and goes on where it was once the log can be read again", async () => {
    const store = freshStore("unreadable");
    await store.logClient().sequence("s/0", storedEvents(1, 3));
    const rename = (from: string, to: string) =>
      runInDurableObject(store.logObject(), (_instance, { storage }) => void storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`));
    await rename("pages", "gone");
    const client = await SocketClient.open(store, "/log?after=1");
    await client.ended;
    expect(client.closed).toMatchObject({ code: CLOSE.failed, reason: expect.stringContaining("Resume") });
    expect(JSON.stringify(complaints.mock.calls)).toContain("a subscription failed and is closed");
    await rename("gone", "pages");
    const again = await SocketClient.open(store, "/log?after=1");
    await again.caughtUp(3);
    expect(again.positions).toEqual([2, 3]);
    await again.close();
  });
});

describe("the log's objects", () => {
  it("start only when the segment before them is full", async () => {
    const store = freshStore("early");
    const early = async () => store.segmentStub(2).head();
    await expect(early()).rejects.toThrow("before segment 1 was sealed");
    await store.logClient().sequence("s/0", [storedEvent(1)]);
    expect(await store.log()).toHaveLength(1);
    expect(await store.segments()).toHaveLength(1);
  });

  it("are found by name, never by an id", async () => {
    const nameless = async () => env.LOGS.get(env.LOGS.newUniqueId()).head();
    await expect(nameless()).rejects.toThrow("reached by an id, not by its name");
  });

  it("add a subscriber once, and remove it once", async () => {
    const log = freshStore("twice").logClient();
    for (const consumer of ["wh_1", "wh_1"]) await log.subscribe(consumer);
    expect(await log.subscribers()).toEqual(["wh_1"]);
    for (const consumer of ["wh_1", "wh_1"]) await log.unsubscribe(consumer);
    expect(await log.subscribers()).toEqual([]);
  });

  it("remember the versions of as many streams as fit in their memory, and look the others up", async () => {
    const { logObject, logClient } = freshStore("many");
    await logClient().sequence("s/0", storedEvents(1, 2));
    await runInDurableObject(logObject(), (_instance, { storage }) => {
      const table = new PackedTable(storage, 1);
      table.learn("s/0", 7); // what a table that looked it up would not say
      for (let other = 1; other < 49_999; other++) table.learn(`s/${other}`, 1);
      expect(table.versionHere("s/0")).toBe(7);
      table.learn("s/49999", 1);
      expect(table.versionHere("s/0")).toBe(2);
      expect(table.versionHere("s/49999")).toBe(1);
    });
  });
});
