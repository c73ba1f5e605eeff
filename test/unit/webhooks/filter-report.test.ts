/** What a webhook registers with the log: which events it handles. */

import { describe, expect, it } from "vitest";
import { FilterReport } from "../../../src/deliveries/filter-report.ts";
import type { DeliverySettings } from "../../../src/deliveries/transport.ts";

/** A webhook, and what its log gets from it. */
function reported() {
  const kept = new Map<string, unknown>();
  const sent: object[] = [];
  const failures: unknown[] = [];
  const state: { settings: Pick<DeliverySettings, "types"> | undefined; onSent: () => void } = {
    settings: { types: ["Read"] },
    onSent: () => {},
  };
  const kv = { get: (key: string) => kept.get(key), put: (key: string, value: unknown) => void kept.set(key, value) };
  const report = new FilterReport({
    id: "wh_1",
    kv: kv as unknown as SyncKvStorage,
    log: {
      subscribe: async (_id, filter) => {
        if (filter) sent.push(filter);
        state.onSent();
      },
    },
    settings: () => state.settings,
    onFailure: (error) => void failures.push(error),
  });
  return { report, state, kept, sent, failures };
}

describe("a webhook registers with the log which events it handles", () => {
  it("once, and again when that has changed, even while it registers", async () => {
    const { report, state, sent, kept } = reported();
    await report.send();
    await report.send();
    expect(sent).toEqual([{ types: ["Read"] }]);
    state.settings = { types: ["Read", "Calibrated"] };
    state.onSent = () => {
      state.settings = {};
      state.onSent = () => {};
    };
    await report.send();
    expect([sent.slice(1), [...kept.values()]]).toEqual([[{ types: ["Read", "Calibrated"] }, {}], ["{}"]]);
  });

  it("again when the log was out of reach", async () => {
    const { report, state, sent, failures } = reported();
    state.onSent = () => {
      throw new Error("Network connection lost.");
    };
    await report.send();
    state.onSent = () => {};
    await report.send();
    expect([sent.length, failures]).toEqual([2, [new Error("Network connection lost.")]]);
  });

  it("and keeps nothing of that if it is deleted in the meantime", async () => {
    const { report, state, sent, kept } = reported();
    state.onSent = () => void (state.settings = undefined);
    await report.send();
    expect([sent.length, kept.size]).toEqual([1, 0]);
    await report.send();
    expect(sent).toHaveLength(1);
  });
});
