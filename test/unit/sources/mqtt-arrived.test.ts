/** Messages of an MQTT broker that wait until they are read. */

import { describe, expect, it } from "vitest";
import { ArrivedMessages } from "../../../src/sources/mqtt/arrived.ts";

const MiB = new Uint8Array(1024 * 1024);
const message = (topic: string, payload: Uint8Array | undefined = MiB) =>
  ({ type: "publish", topic, isRetained: false, userProperties: [], payload, bytes: payload?.length ?? 0 }) as const;
const topics = (messages: readonly { readonly topic: string }[]) => messages.map(({ topic }) => topic);

describe("messages of an MQTT broker that have arrived", () => {
  it("are taken in their order, as many as asked for, and no more bytes than that, but one at least", () => {
    const arrived = new ArrivedMessages();
    for (const topic of ["a", "b", "c", "d"]) arrived.add(message(topic));
    expect(topics(arrived.take(1, 10 * MiB.length))).toEqual(["a"]);
    expect(topics(arrived.take(10, 2 * MiB.length))).toEqual(["b", "c"]);
    expect(topics(arrived.take(10, 1))).toEqual(["d"]);
    expect(arrived.take(10, 1)).toEqual([]);
    expect(arrived.count).toBe(0);
  });

  it("wait up to 32 MiB; none is kept from the first on for which there is no room, so that those come again in order", () => {
    const arrived = new ArrivedMessages();
    for (let at = 0; at < 33; at++) arrived.add(message(`m${at}`));
    expect([arrived.count, arrived.isFull]).toEqual([33, false]);
    arrived.add(message("lost", Uint8Array.of(1)));
    expect([arrived.count, arrived.isFull]).toEqual([33, true]);
    expect(arrived.take(100, 100 * MiB.length)).toHaveLength(33);
    // There is room again, but a message before this one is missing.
    arrived.add(message("later", Uint8Array.of(1)));
    expect([arrived.count, arrived.isFull]).toEqual([0, true]);
  });

  it("wait again where others were taken, whose payloads may not have been kept", () => {
    const arrived = new ArrivedMessages();
    for (let round = 0; round < 40; round++) {
      arrived.add(message(`m${round}`));
      arrived.add(message("too-large", undefined));
      expect(arrived.take(10, 2 * MiB.length)).toHaveLength(2);
    }
    expect(arrived.isFull).toBe(false);
  });
});
