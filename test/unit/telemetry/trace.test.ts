/** What is taken of a `traceparent`, by the grammar of W3C Trace Context. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LoggedEvent, toRecorded } from "../../../src/core/event.ts";
import { causeOf } from "../../../src/processors/cause.ts";
import { causeInLine, parseTraceparent, traceIdOf } from "../../../src/telemetry/trace.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID = "00f067aa0ba902b7";
const VALID = `00-${TRACE_ID}-${SPAN_ID}-01`;

describe("a traceparent", () => {
  it("is used as it is, and names a trace", () => {
    expect(parseTraceparent(VALID)).toBe(VALID);
    expect(traceIdOf(VALID)).toBe(TRACE_ID);
    expect(parseTraceparent(`00-${TRACE_ID}-${SPAN_ID}-00`)).toBe(`00-${TRACE_ID}-${SPAN_ID}-00`);
  });

  it("of a later version is understood as far as this one goes", () => {
    expect(parseTraceparent(`01-${TRACE_ID}-${SPAN_ID}-03-what-is-new`)).toBe(VALID);
    expect(parseTraceparent(`cc-${TRACE_ID}-${SPAN_ID}-02`)).toBe(`00-${TRACE_ID}-${SPAN_ID}-00`);
  });

  it.each([
    ["is missing", undefined],
    ["is empty", ""],
    ["is of version ff", `ff-${TRACE_ID}-${SPAN_ID}-01`],
    ["names the trace of zeros", `00-${"0".repeat(32)}-${SPAN_ID}-01`],
    ["names the span of zeros", `00-${TRACE_ID}-${"0".repeat(16)}-01`],
    ["has capitals", VALID.toUpperCase()],
    ["is too long", `${VALID}0`],
    ["has more after it", `${VALID}-more`],
    ["is of a later version, with more after it without a separator", `01-${TRACE_ID}-${SPAN_ID}-01more`],
    ["occurs twice", `${VALID}, ${VALID}`],
    ["has a line break", `${VALID}\n`],
    ["lacks its flags", `00-${TRACE_ID}-${SPAN_ID}`],
  ])("that %s counts as left out", (_what, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it("is handed on in 55 characters of its alphabet or not at all, whatever the input", () => {
    const pieces = fc.constantFrom("00", "-", TRACE_ID, SPAN_ID, "01", "ff", "x", "\n", "0".repeat(32));
    const headers = fc.oneof(
      fc.string(),
      fc.array(pieces).map((some) => some.join("")),
    );
    const isGood = (header: string) => /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(parseTraceparent(header) ?? VALID);
    expect(fc.check(fc.property(headers, isGood))).toMatchObject({ failed: false });
  });
});

describe("an event's trace", () => {
  const stored = {
    version: 1,
    id: "e",
    type: "Read",
    data: "{}",
    meta: `{"correlationId":"c"}`,
    time: null,
    recordedAt: 0,
    schemaVersion: 1,
  };
  const logged: LoggedEvent = { ...stored, position: 1, stream: "reading/s" };

  it("is handed to what the event causes, and is not in its JSON", () => {
    const event = toRecorded({ ...logged, trace: VALID });
    expect(causeOf(event)).toEqual({ correlationId: "c", causationId: "e", hops: 1, trace: VALID });
    expect(causeInLine(event)).toEqual({ correlationId: "c", causationId: "e", traceId: TRACE_ID });
    expect(JSON.stringify(event)).not.toContain(TRACE_ID);
    expect(Object.keys(event)).toEqual(Object.keys(toRecorded(logged)));
    expect(causeOf({ ...event })).toMatchObject({ trace: VALID }); // a copy keeps it
  });

  it("may be missing", () => {
    for (const trace of [undefined, null]) {
      const event = toRecorded({ ...logged, ...(trace === undefined ? {} : { trace }) });
      expect(causeOf(event)).toEqual({ correlationId: "c", causationId: "e", hops: 1 });
    }
  });
});
