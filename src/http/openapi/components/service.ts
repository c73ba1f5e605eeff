/** What the service shows about itself: its problems, and the app that it serves. */

import * as z from "zod";
import { Name } from "../../../core/answer.ts";

export const problemExplanation = z
  .object({
    code: z.string(),
    type: z.string().describe("`/problems/{code}`"),
    status: z.int(),
    title: z.string(),
    when: z.string().describe("When it occurs."),
    remedy: z.string().describe("What to do about it."),
  })
  .describe("The explanation of a problem, which its `type` links to.");

const Format = z.int().positive();
const origin = z.enum(["code", "api"]);
const description = z.string().optional();
const follows = z.array(z.object({ category: Name, types: z.array(z.string()) }));

export const app = z.object({
  categories: z.array(
    z.object({
      name: Name,
      kind: z.enum(["aggregate", "plain"]),
      origin,
      description,
      events: z.array(z.object({ type: z.string(), schemaVersion: z.int().optional().describe("The version that new events get.") })),
      commands: z.array(z.string()).optional().describe("The commands of an aggregate that clients may send."),
      key: z.string().optional(),
      strict: z.boolean().optional(),
    }),
  ),
  views: z.array(
    z.object({ name: Name, origin, description, follows, key: z.string(), columns: z.array(z.string()), queries: z.array(z.string()) }),
  ),
  processors: z.array(
    z.object({
      name: Name,
      kind: z.enum(["reactor", "effect", "process-manager", "saga"]),
      origin,
      description,
      follows,
      emits: z
        .array(
          z.object({
            aggregate: Name.optional(),
            commands: z.array(z.string()).optional(),
            category: Name.optional(),
            events: z.array(z.string()).optional(),
          }),
        )
        .nullable()
        .describe("Commands to aggregates, events to plain categories. Null: a saga, whose steps may send to any aggregate."),
    }),
  ),
  sources: z.array(z.object({ name: Name })),
  formats: z
    .object({ STREAMS: Format, LOGS: Format, WEBHOOKS: Format, CATALOGS: Format })
    .describe("The newest version of what objects store that this code reads and writes, for each class by its binding."),
});
