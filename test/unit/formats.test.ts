/** Formats of JSON Schema: what is taken, and what only looks like it. */

import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileChecker, newEffort } from "../../src/schemas/checker.ts";
import { FORMATS } from "../../src/core/formats.ts";

const is = (format: string, text: string) => compileChecker({ format })(text, JSON.stringify(text), newEffort()).length === 0;

const TEXTS: Record<string, { readonly yes: readonly string[]; readonly no: readonly string[] }> = {
  ipv4: {
    yes: ["0.0.0.0", "1.2.3.4", "255.255.255.255", "10.0.100.9"],
    no: [
      "01.2.3.4",
      "1.2.3.04",
      "00.0.0.0",
      "256.1.1.1",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.4\n",
      " 1.2.3.4",
      "0x1.2.3.4",
      "1.2.3.\u0664",
      "1..3.4",
    ],
  },
  "date-time": {
    yes: [
      "2026-11-21T06:00:00Z",
      "2026-11-21t06:00:00z",
      "2026-11-21T06:00:00.123456+01:00",
      "2024-02-29T00:00:00-12:30",
      "1998-12-31T23:59:60Z",
    ],
    no: [
      "2026-11-21 06:00:00Z",
      "2026-11-21\t06:00:00Z",
      "2026-11-21\n06:00:00Z",
      "2026-11-21T06:00Z",
      "2026-11-21T06:00:00",
      "2026-11-21T06:00:00Z\n",
      "2025-02-29T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-11-21T24:00:00Z",
      "2026-11-21T23:58:60Z",
      "2026-11-21T06:00:00+24:00",
      "2026-11-21T06:00:00.Z",
      "2026-11-21",
      "2026-11-2\u0661T06:00:00Z",
    ],
  },
  date: { yes: ["2026-11-21", "2024-02-29"], no: ["2025-02-29", "2026-11-31", "2026-1-1", "2026-11-21Z", "2026-11-21\n"] },
  time: { yes: ["06:00:00Z", "06:00:00.1+01:00"], no: ["06:00:00", "06:00Z", "24:00:00Z", "06:00:00 Z", "06:60:00Z"] },
  email: {
    yes: ["a@example.com", '"a b"@example.com', "a@[1.2.3.4]", "a@[IPv6:::1]"],
    no: ["a", "a@", "@example.com", "a@[1.2.3.04]", "a@[256.1.1.1]", ".a@example.com", "a..b@example.com", "a@b@c", "a@example.com\n"],
  },
  uri: {
    yes: ["https://example.com/a?b#c", "urn:a:b", "http://[::1]/"],
    no: ["/a", 'https://example.com/"a"', "https://example.com/a b", "http://a/%zz"],
  },
  "uri-reference": { yes: ["/a?b", "a", "#", ""], no: ['/"a"', "\\\\a", "a b", "%zz"] },
  uuid: {
    yes: ["0198c2a6-1111-7abc-8def-000000000001"],
    no: ["0198c2a6111-17abc-8def-000000000001", "{0198c2a6-1111-7abc-8def-000000000001}"],
  },
  duration: { yes: ["P1D", "PT1H30M", "P2W", "P1Y2M3DT4H5M6S"], no: ["P", "PT", "P1DT", "P1W2D", "1D", "P1Y2D", "PT1H2S"] },
  regex: { yes: ["", "^a+$", "\\p{L}", "(?<year>\\d{4})"], no: ["(", "[", "a{2,1}", "\\p{No such}", "\\-"] },
  hostname: { yes: ["example.com", "a-b.c"], no: ["-a.b", "a-.b", "a_b", "a..b", "", `${"a".repeat(64)}.b`] },
};

describe.each(Object.entries(TEXTS))("the format %s", (format, { yes, no }) => {
  it.each(yes)("accepts %j", (text) => expect(is(format, text)).toBe(true));
  it.each(no)("refuses %j", (text) => expect(is(format, text)).toBe(false));
});

it("every format tested here is a checked one", () => {
  for (const format of Object.keys(TEXTS)) expect(FORMATS.has(format)).toBe(true);
});

describe("an address is what Node accepts as one:", () => {
  it.each([
    ["ipv4", isIPv4, fc.ipV4()],
    ["ipv6", isIPv6, fc.ipV6()],
  ] as const)("%s, also when it is slightly changed", (format, reference, address) => {
    const changed = fc.tuple(address, fc.nat(40), fc.constantFrom("", "0", "1", ".", ":", "::", "f", "g", "25", "\n", " "));
    fc.assert(
      fc.property(changed, ([text, at, piece]) => {
        const mutant = text.slice(0, at) + piece + text.slice(at);
        expect([mutant, is(format, mutant)]).toEqual([mutant, reference(mutant)]);
      }),
      { numRuns: 500 },
    );
  });
});
