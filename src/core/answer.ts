/**
 * The schemas of answers. An answer's schema is declared where its type would be, and is the only source of that type; the OpenAPI document
 * is made from it. It never parses anything: our own code makes the answers.
 */

import * as z from "zod";
import type { Frozen } from "./event.ts";

/** The type that such a schema describes, readonly to any depth. */
export type Answer<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

export const Name = z.string();
export const Whole = z.int().nonnegative();
export const Version = Whole.describe("The version of the stream: how many events it has had.");
export const Position = Whole.describe("A position in the log, which counts all events of the store.");
export const Time = z.string().meta({ format: "date-time" });
export const Uuid = z.string().meta({ format: "uuid" });
export const StreamName = z.string().describe("`category/id`, for example `order/42`.");
export const Json = z.record(z.string(), z.unknown());
