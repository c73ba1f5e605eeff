/** What a webhook tells the log about the events that it handles. */

import { describe, expect, it } from "vitest";
import { FilterReport } from "../../../src/deliveries/filter-report.ts";
import type { DeliverySettings } from "../../../src/deliveries/transport.ts";

/** A webhook whose log is told when the test says so. */
function reported() {
  const kept = new Map<string, unknown>();
  const told: object[] = [];
  const failures: unknown[] = [];
  const state: { settings: Pick<DeliverySettings, "types"> | undefined; onTold: () => void } = {
    settings: { types: ["Read"] },
    onTold: () => {},
  };
  const kv = { get: (key: string) => kept.get(key), put: (key: string, value: unknown) => void kept.set(key, value) };
  const report = new FilterReport({
    id: "wh_1",
    kv: kv as unknown as SyncKvStorage,
    log: {
      subscribe: async (_id, filter) => {
        if (filter) told.push(filter);
        state.onTold();
      },
    },
    settings: () => state.settings as DeliverySettings | undefined,
    onFailure: (error) => void failures.push(error),
  });
  return { report, state, kept, told, failures };
}

describe("the log is told which events a webhook handles", () => {
  it("once, and again when that has changed, even while it is told", async () => {
    const { report, state, told, kept } = reported();
    await report.send();
    await report.send();
    expect(told).toEqual([{ types: ["Read"] }]);
    state.settings = { types: ["Read", "Calibrated"] };
    state.onTold = () => {
      state.settings = {};
      state.onTold = () => {};
    };
    await report.send();
    expect([told.slice(1), [...kept.values()]]).toEqual([[{ types: ["Read", "Calibrated"] }, {}], ["{}"]]);
  });

  it("again when the log was out of reach", async () => {
    const { report, state, told, failures } = reported();
    state.onTold = () => {
      throw new Error("Network connection lost.");
    };
    await report.send();
    state.onTold = () => {};
    await report.send();
    expect([told.length, failures]).toEqual([2, [new Error("Network connection lost.")]]);
  });

  it("and nothing is kept of it when the webhook is deleted in the meantime", async () => {
    const { report, state, told, kept } = reported();
    state.onTold = () => void (state.settings = undefined);
    await report.send();
    expect([told.length, kept.size]).toEqual([1, 0]);
    await report.send();
    expect(told).toHaveLength(1);
  });
});
