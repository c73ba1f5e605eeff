/**
 * Types are tested like behaviour: each `@ts-expect-error` fails `tsc` when the mistake below it compiles.
 * This file is compiled by `npm run check` and never run.
 */

import * as z from "zod";
import { category } from "../../src/index.ts";

const Measured = z.object({ sensor: z.string(), channel: z.int(), note: z.string().optional(), at: z.object({ x: z.number() }) });
const Calibrated = z.object({ sensor: z.string(), by: z.string() });

// A field that names the stream of every event: a string or a number.
category("measured", { key: "sensor", events: { Measured, Calibrated } });
category("channels", { key: "channel", events: { Measured } });
category("loose", { key: "sensor", events: { Measured: z.object({ sensor: z.string() }).catchall(z.string()) } });
category("without", { events: { Measured, Calibrated } });

// @ts-expect-error -- a misspelt field
category("misspelt", { key: "senser", events: { Measured, Calibrated } });
// @ts-expect-error -- only one of the event types has it
category("of-one-type", { key: "by", events: { Measured, Calibrated } });
// @ts-expect-error -- it may be missing
category("optional", { key: "note", events: { Measured } });
// @ts-expect-error -- no text and no number
category("an-object", { key: "at", events: { Measured } });
// @ts-expect-error -- there are no events that could have it
category("empty", { key: "sensor", events: {} });
// @ts-expect-error -- what else an event may have is not known
category("unknown-field", { key: "other", events: { Measured: z.object({ sensor: z.string() }).catchall(z.string()) } });
