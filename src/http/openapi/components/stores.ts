/** Stores, as answers show them. */

import { z } from "zod";
import { JURISDICTIONS, LOCATIONS } from "../../../core/placement.ts";
import { Name, Position, Time } from "./parts.ts";

const where = {
  jurisdiction: z.enum(JURISDICTIONS).optional().describe("What its objects and views do not leave. Absent: none."),
  location: z.enum(LOCATIONS).optional().describe("Near which its objects are made. Absent: near their first use."),
};

const part = z.object({
  part: z.enum(["streams", "log", "webhooks", "catalog", "views", "wake-ups", "directory"]),
  kind: z.enum(["durable-object", "d1", "queue"]),
  binding: z.string().describe("Of the worker."),
  ...where,
  holds: z.string().optional().describe("What is kept there, where that is no data."),
});

export const listedStore = z.object({ name: Name, ...where, placedAt: Time, head: Position });

export const store = z.object({
  name: Name,
  ...where,
  placedAt: Time.optional(),
  isPlaced: z.boolean().describe("Where it lies is fixed: it was written to, or placed."),
  head: Position,
  isEnforced: z.boolean().describe("False: the local runtime, which has no jurisdictions."),
  parts: z.array(part).describe("Where each kind of its data is."),
});
