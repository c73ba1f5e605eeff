/**
 * What answers are made of. The schema of an answer stands where its type belongs and is the type's one source; the OpenAPI document is
 * made of it. Nothing is parsed with it: what answers is our own.
 */

import { z } from "zod";
import type { Frozen } from "./event.ts";

/** What such a schema describes, readonly to any depth. */
export type Answer<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

export const Name = z.string();
export const Whole = z.int().nonnegative();
export const Version = Whole.describe("The version of the stream: how many events it has had.");
export const Position = Whole.describe("A position in the log, which counts all events of the store.");
export const Time = z.string().meta({ format: "date-time" });
export const Uuid = z.string().meta({ format: "uuid" });
export const StreamName = z.string().describe("`category/id`, for example `order/42`.");
export const Json = z.record(z.string(), z.unknown());
