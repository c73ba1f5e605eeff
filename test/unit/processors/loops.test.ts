/** Processors that feed themselves are found when the app is put together. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { aggregate, append, category, defineApp, effect, event, nothing, reactor, send, transform } from "../../../src/index.ts";
import type { ProcessorInCode } from "../../../src/definitions/processors/processor.ts";

const Fact = z.object({});
const a = category("a", { events: { A: Fact, Other: Fact } });
const b = category("b", { events: { B: Fact, A: Fact } });
const c = category("c", { events: { C: Fact } });
const counter = aggregate("counter", {
  events: { Counted: Fact },
  commands: { Count: Fact },
  initialState: () => ({}),
  evolve: { Counted: (state) => state },
  decide: { Count: () => nothing() },
});

const app = (...processors: ProcessorInCode[]) => defineApp({ aggregates: [counter], categories: [a, b, c], processors });

const ab = reactor("ab", { from: a, emits: b, on: { A: () => append(b, "1", "B", {}) } });
const bc = transform("bc", { from: b, to: c, on: { B: () => event("C", {}) } });
const ca = effect("ca", { from: c, records: a, on: { C: async () => event("A", {}) } });

describe("an app", () => {
  it("has no processor that appends what it handles", () => {
    const echo = reactor("echo", { from: [c, a], emits: [c, a], on: { A: () => append(a, "1", "A", {}) } });
    expect(() => app(echo)).toThrow(
      new TypeError(
        'processor "echo" feeds itself without end: "echo" appends a A, which "echo" handles. If that is intended, declare one of them with `loops: true`',
      ),
    );
  });

  it("has no processors that feed each other, however long the loop, whatever their kind", () => {
    expect(() => app(ab, bc)).not.toThrow();
    expect(() => app(bc, ca, ab)).toThrow(
      new TypeError(
        'processors feed each other without end: "bc" appends c C, which "ca" handles; "ca" appends a A, which "ab" handles; ' +
          '"ab" appends b B, which "bc" handles. If that is intended, declare one of them with `loops: true`',
      ),
    );
  });

  it("may have them when one declares that as intended", () => {
    const meant = reactor("ab", { from: a, emits: b, loops: true, on: { A: () => append(b, "1", "B", {}) } });
    expect(() => app(meant, bc, ca)).not.toThrow();
    const counted = reactor("ab", { from: a, emits: b, loops: { hops: 7 }, on: { A: () => append(b, "1", "B", {}) } });
    expect(() => app(counted, bc, ca)).not.toThrow();
  });

  it("finds the processor that is in a loop among those that are not", () => {
    const tail = reactor("tail", { from: c, emits: [b, "A"], on: { C: () => append(b, "1", "A", {}) } });
    expect(() => app(tail, ab, bc)).not.toThrow();
    expect(() => app(tail, ab, bc, ca)).toThrow(/^processors feed each other without end: "ab" appends/);
  });

  it("may have processors that append events that no processor handles, even if one elsewhere has the same name", () => {
    expect(() => app(reactor("r", { from: a, emits: [a, "Other"], on: { A: () => append(a, "1", "Other", {}) } }))).not.toThrow();
    expect(() => app(reactor("r", { from: a, emits: [b, "A"], on: { A: () => append(b, "1", "A", {}) } }))).not.toThrow();
  });

  it("leaves commands to their aggregate's rules: reactions to them are counted at run time", () => {
    const again = reactor("again", { from: counter, emits: counter, on: { Counted: () => send(counter, "1", "Count", {}) } });
    expect(() => app(again)).not.toThrow();
  });

  it("declares exactly the categories and aggregates that its processors feed", () => {
    const elsewhere = category("elsewhere", { events: { A: Fact } });
    const lost = reactor("lost", { from: a, emits: elsewhere, on: {} });
    expect(() => app(lost)).toThrow(new TypeError('processor "lost" emits to "elsewhere", which the app does not declare'));
    const twin = reactor("twin", { from: a, emits: category("b", { events: { B: Fact } }), on: {} });
    expect(() => app(twin)).toThrow('processor "twin" emits to "b"');
    const nowhere = effect("nowhere", { from: a, records: elsewhere, on: {} });
    expect(() => app(nowhere)).toThrow('effect "nowhere" emits to "elsewhere", which the app does not declare');
  });
});
