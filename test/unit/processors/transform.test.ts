// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion
/** The four operations by which streams become streams: filter, map, split, join. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { category, event, streamIdOf, transform } from "../../../src/index.ts";
import { answerOf } from "../../../src/definitions/processors/reactor.ts";
import { on, when } from "../../../src/testing/index.ts";
import { recorded } from "../../../src/testing/recorded.ts";

const celsius = category("celsius", {
  events: { Read: z.object({ value: z.number(), place: z.string().default("home") }), Lost: z.object({}) },
});
const basket = category("basket", {
  events: { Ordered: z.object({ lines: z.array(z.object({ sku: z.string(), quantity: z.int() })) }) },
});

const read = (value: number, place = "home") => event("Read", { value, place });

describe("a transform", () => {
  it("filters: keeps events as they are, on streams with the same names", () => {
    const hot = category("hot", { events: { Read: z.object({ value: z.number(), place: z.string() }) } });
    const onlyHot = transform("only-hot", { from: celsius, to: hot, on: { Read: (read) => (read.data.value > 30 ? read : undefined) } });
    when(onlyHot, on("celsius/1", read(31))).thenAppends(on("hot/1", read(31)));
    when(onlyHot, on("celsius/1", read(30))).thenNothing();
    when(onlyHot, on("celsius/1", event("Lost", {}))).thenNothing();
  });

  it("maps: makes each event into another", () => {
    const fahrenheit = category("fahrenheit", { events: { Measured: z.object({ degrees: z.number() }) } });
    const converted = transform("converted", {
      from: celsius,
      to: fahrenheit,
      on: { Read: ({ data }) => event("Measured", { degrees: data.value * 1.8 + 32 }) },
    });
    when(converted, on("celsius/1", read(100))).thenAppends(on("fahrenheit/1", event("Measured", { degrees: 212 })));
  });

  it("splits: one stream into many, by its events' content", () => {
    const perPlace = category("per-place", { events: { Read: z.object({ value: z.number() }) } });
    const placed = transform("placed", {
      from: celsius,
      to: perPlace,
      on: { Read: ({ data }) => event("Read", { value: data.value }) },
      stream: (event) => ("place" in event.data ? event.data.place : "nowhere"),
    });
    when(placed, on("celsius/1", read(20, "cellar"))).thenAppends(on("per-place/cellar", event("Read", { value: 20 })));
    when(placed, on("celsius/1", read(20, "attic"))).thenAppends(on("per-place/attic", event("Read", { value: 20 })));
  });

  it("splits: one event into many, each on a stream of its own", () => {
    const demand = category("demand", { events: { Wanted: z.object({ sku: z.string(), quantity: z.int() }) } });
    const lines = transform("lines", {
      from: basket,
      to: demand,
      on: { Ordered: ({ data }) => data.lines.map((line) => event("Wanted", line)) },
      stream: (_ordered, wanted) => wanted.data.sku,
    });
    const tea = { sku: "tea", quantity: 2 };
    const cup = { sku: "cup", quantity: 1 };
    when(lines, on("basket/7", event("Ordered", { lines: [tea, cup] }))).thenAppends(
      on("demand/tea", event("Wanted", tea)),
      on("demand/cup", event("Wanted", cup)),
    );
  });

  it("joins: many streams of several categories into one", () => {
    const everything = category("everything", {
      events: { Read: z.object({ value: z.number(), place: z.string() }), Sold: z.object({ basket: z.string() }) },
    });
    const joined = transform("joined", {
      from: [celsius, basket],
      to: everything,
      on: { Read: (read) => read, Ordered: ({ stream }) => event("Sold", { basket: streamIdOf(stream) }) },
      stream: () => "all",
    });
    when(joined, on("celsius/1", read(1))).thenAppends(on("everything/all", read(1)));
    when(joined, on("celsius/2", read(2))).thenAppends(on("everything/all", read(2)));
    when(joined, on("basket/7", event("Ordered", { lines: [] }))).thenAppends(on("everything/all", event("Sold", { basket: "7" })));
  });

  it("keeps the time at which an event happened", () => {
    const copy = category("copy", { events: { Read: z.object({ value: z.number(), place: z.string() }) } });
    const copied = transform("copied", { from: celsius, to: copy, on: { Read: (read) => read } });
    const time = "2026-11-21T06:00:00.123456+01:00";
    when(copied, on("celsius/1", read(1), { time })).thenAppends(on("copy/1", read(1), { time }));
    expect(() => when(copied, on("celsius/1", read(1))).thenAppends(on("copy/1", read(1), { time }))).toThrow(time);
  });

  it("cannot write to an impossible stream", () => {
    const copy = category("copy", { events: { Read: z.object({ value: z.number(), place: z.string() }) } });
    const copied = transform("copied", { from: celsius, to: copy, on: { Read: (read) => read }, stream: () => "a/b" });
    expect(() => when(copied, on("celsius/1", read(1)))).toThrow(
      'reactor "copied" answers Read (celsius/1, version 1) to the stream "a/b", but',
    );
  });

  it("emits to its target only, with the options of a reactor", () => {
    const copy = category("copy", { events: { Read: z.object({ value: z.number(), place: z.string() }) } });
    const sly = transform("sly", {
      description: "Tries.",
      from: celsius,
      to: copy,
      start: "head",
      retry: "none",
      on: { Read: () => event("Written", {}) as never },
    });
    expect(sly).toMatchObject({ kind: "processor", name: "sly", description: "Tries.", start: "head", retry: { attempts: 1 } });
    const [one] = recorded([celsius], [on("celsius/1", read(1))]);
    expect(() => one && answerOf(sly, one)).toThrow('with an event Written to "copy", but declares to emit Read to "copy"');
  });
});
