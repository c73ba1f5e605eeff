/** Events of many streams that are stored together: what the log gets, and what it does not get twice. */

import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WAIT_SECONDS } from "../../../src/core/limits.ts";
import type { HeldImport, ImportPart, ImportedEvent } from "../../../src/store/import-protocol.ts";
import type { SequencePart } from "../../../src/store/log-protocol.ts";
import { storedAs } from "../../../src/store/imported.ts";
import { StoreLate, TogetherWriter } from "../../../src/store/together.ts";

const event = (id: string): ImportedEvent => ({ id, type: "Read", data: "{}", meta: "{}", schemaVersion: 1 });

/** Streams and a log in memory, which do what the real ones promise. */
class Parts {
  readonly streams = new Map<string, ImportedEvent[]>();
  /** Versions of streams in the log. */
  readonly heads = new Map<string, number>();
  /** `stream@version`, in the order of the log. */
  readonly log: string[] = [];
  /** What each stream believes the log to have. */
  readonly told = new Map<string, number>();
  sent = 0;
  calls = 0;

  readonly writer = new TogetherWriter({
    hold: async (stream, part) => this.#hold(stream, part),
    log: () => ({ sequenceTogether: async (parts) => this.#take(parts) }),
  });

  store(order: readonly string[], idOf: (index: number) => string = (index) => `${index}`): Promise<unknown> {
    const events = order.map((stream, index) => ({ stream, event: event(`${stream}-${idOf(index)}`) }));
    const parts = [...Map.groupBy(events, ({ stream }) => stream)].map(([stream, ones]) => ({
      stream,
      events: ones.map((one) => one.event),
    }));
    return this.writer.store(order, parts, true);
  }

  #hold(stream: string, { events, inLog }: ImportPart): HeldImport {
    if (inLog !== undefined) this.told.set(stream, inLog);
    const stored = this.streams.get(stream) ?? [];
    this.streams.set(stream, stored);
    const before = stored.length;
    const versions = events.map((one) => {
      const known = stored.findIndex(({ id }) => id === one.id);
      return known >= 0 ? known + 1 : stored.push(one);
    });
    const known = this.told.get(stream) ?? 0;
    const older = stored.slice(known, before).map((one, index) => storedAs(one, known + index + 1, 0));
    return { stored: stored.length - before, versions, before, recordedAt: 0, inLog: known, older };
  }

  #take(parts: readonly SequencePart[]) {
    this.calls += 1;
    this.sent += parts.reduce((sum, { events }) => sum + events.length, 0);
    const heads = new Map(this.heads);
    const taken = parts.every(({ stream, after, events }) => {
      const isReady = (heads.get(stream) ?? 0) >= after;
      heads.set(stream, Math.max(heads.get(stream) ?? 0, events.at(-1)?.version ?? 0));
      return isReady;
    });
    for (const { stream, events } of taken ? parts : []) {
      for (const { version } of events) {
        if (version <= (this.heads.get(stream) ?? 0)) continue;
        this.log.push(`${stream}@${version}`);
        this.heads.set(stream, version);
      }
    }
    return { taken, heads: parts.map(({ stream }) => this.heads.get(stream) ?? 0) };
  }
}

/** A stream that has stored the one event that it was sent, of which the log may have less or more. */
const one = (held: Partial<HeldImport> = {}) => ({ stored: 1, versions: [1], before: 0, recordedAt: 0, inLog: 0, older: [], ...held });

/** Stores one event of one stream. */
const storeOne = (writer: TogetherWriter) => writer.store(["a"], [{ stream: "a", events: [event("1")] }]);

describe("events of many streams", () => {
  it("get into the log in the given order, across streams", async () => {
    const parts = new Parts();
    await parts.store(["a", "b", "a", "c", "b", "a"]);
    expect(parts.log).toEqual(["a@1", "b@1", "a@2", "c@1", "b@2", "a@3"]);
  });

  it("are sent to the log once, however many follow them", async () => {
    const parts = new Parts();
    for (let piece = 0; piece < 10; piece++) await parts.store(["a", "b", "a"], (index) => `${piece}-${index}`);
    expect(parts.log).toHaveLength(30);
    expect(parts.sent).toBe(30);
    expect(parts.calls).toBe(10);
  });

  it("that the streams have and the log lacks are brought to the log when they are stored again", async () => {
    const parts = new Parts();
    await parts.store(["a", "b"]);
    // The log never heard of what came next.
    parts.streams.get("a")?.push(event("a-lost"));
    await parts.store(["b", "a"], (index) => `later-${index}`);
    expect(parts.log).toEqual(["a@1", "b@1", "b@2", "a@2", "a@3"]);
  });

  it("are recognised when they are sent again, in whole or in part", async () => {
    const parts = new Parts();
    await parts.store(["a", "b", "a"]);
    await parts.store(["a", "b", "a", "b"]);
    expect(parts.log).toEqual(["a@1", "b@1", "a@2", "b@2"]);
  });

  it("are late if the log accepts nothing, but not lost", async () => {
    const writer = new TogetherWriter({
      hold: async () => one(),
      log: () => ({ sequenceTogether: () => Promise.reject(new Error("Network connection lost.")) }),
    });
    await expect(storeOne(writer)).rejects.toThrow(StoreLate);
  });

  it("are late if the log gives no answer in time", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const writer = new TogetherWriter({ hold: async () => one(), log: () => ({ sequenceTogether: () => new Promise(() => {}) }) });
    const stored = expect(storeOne(writer)).rejects.toThrow(
      expect.objectContaining({ name: "StoreLate", cause: new Error("the log did not answer in time") }),
    );
    await vi.advanceTimersByTimeAsync(WAIT_SECONDS * 1_000);
    await stored;
  });

  it("are late if the log refuses them although it lacks nothing", async () => {
    const writer = new TogetherWriter({
      hold: async () => one(),
      log: () => ({ sequenceTogether: async () => ({ taken: false, heads: [9] }) }),
    });
    await expect(storeOne(writer)).rejects.toThrow(StoreLate);
  });

  it("are late, and not sent for ever, if a stream is behind in the log however often it is corrected", async () => {
    let calls = 0;
    const writer = new TogetherWriter({
      // The stream has what the log lacks only from version 6 on.
      hold: async () => one({ versions: [7], before: 6, inLog: 5, older: [storedAs(event("6"), 6, 0)] }),
      log: () => ({ sequenceTogether: async () => (calls++, { taken: false, heads: [4] }) }),
    });
    await expect(storeOne(writer)).rejects.toThrow(StoreLate);
    expect(calls).toBeLessThan(20);
  });

  it("are not stored if the log has other events of a stream than the stream itself, which is named", async () => {
    const writer = new TogetherWriter({
      hold: async () => one(),
      log: () => ({ sequenceTogether: async () => ({ taken: false, heads: [1], diverged: "a" }) }),
    });
    await expect(storeOne(writer)).rejects.toThrow("the log has other events of a than the stream");
  });
});
