/** Stores, as answers show them. */

import * as z from "zod";
import { JURISDICTIONS, LOCATIONS } from "../../../core/placement.ts";
import { Name, Position, Time } from "../../../core/answer.ts";

const where = {
  jurisdiction: z
    .enum(JURISDICTIONS)
    .optional()
    .describe("The jurisdiction that the store's objects and views never leave. Absent: there is none."),
  location: z.enum(LOCATIONS).optional().describe("The region near which the store's objects are created. Absent: near their first use."),
};

const part = z.object({
  part: z.enum(["streams", "log", "webhooks", "catalog", "sources", "views", "wake-ups", "directory"]),
  kind: z.enum(["durable-object", "d1", "queue"]),
  binding: z.string().describe("The binding of the worker that leads there."),
  ...where,
  holds: z.string().optional().describe("What is kept there if it is not event data."),
});

export const listedStore = z.object({ name: Name, ...where, placedAt: Time, head: Position });

export const store = z.object({
  name: Name,
  ...where,
  placedAt: Time.optional(),
  isPlaced: z.boolean().describe("Whether its place is fixed, because it was placed or written to."),
  head: Position,
  isEnforced: z.boolean().describe("False in the local runtime, which has no jurisdictions."),
  parts: z.array(part).describe("Where each kind of the store's data is."),
});
