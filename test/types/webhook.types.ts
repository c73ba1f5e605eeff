/**
 * Types are tested like behaviour: each `@ts-expect-error` fails `tsc` when the mistake below it compiles.
 * This file is compiled by `npm run check` and never run.
 */

import * as z from "zod";
import { category, webhook } from "../../src/index.ts";

const reading = category("reading", { events: { Read: z.object({}), Calibrated: z.object({}) } });
const sensor = category("sensor", { events: { Placed: z.object({}) } });

const secret = { variable: "SECRET" };

// The whole, as users write it.
webhook("all", { from: reading, url: "https://example.com/hook", secret });
webhook("some", { from: [reading, sensor], types: ["Placed", "Read"], url: { variable: "URL" }, secret, description: "two" });

webhook("unknown-event", {
  from: reading,
  // @ts-expect-error -- a reading is Read, not Red
  types: ["Red"],
  url: "https://example.com/hook",
  secret,
});

webhook("event-of-another-source", {
  from: reading,
  // @ts-expect-error -- it does not follow sensor
  types: ["Placed"],
  url: "https://example.com/hook",
  secret,
});

webhook("secret-in-code", {
  from: reading,
  url: "https://example.com/hook",
  // @ts-expect-error -- secrets do not belong into code
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
});

// @ts-expect-error -- without a secret nobody could check who sent it
webhook("unsigned", { from: reading, url: "https://example.com/hook" });
// @ts-expect-error -- where to?
webhook("nowhere", { from: reading, secret });
