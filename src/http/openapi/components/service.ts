/** What the service shows about itself: its problems, and the app that it serves. */

import * as z from "zod";
import { Json, Name, Time } from "../../../core/answer.ts";
import { RIGHTS } from "../../auth-caller.ts";

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
    z.object({
      name: Name,
      origin,
      description,
      follows,
      key: z.string(),
      columns: z.array(z.string()),
      queries: z.array(z.string()),
      processes: z.literal(true).optional().describe("Its rows are the instances of process managers and sagas."),
    }),
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
  sources: z.array(
    z.object({
      name: Name,
      kind: z.string().describe("What kind of source it is, such as `postgres`."),
      origin,
      description,
      to: Name.describe("The plain category that it feeds."),
      everyMs: z.int().optional(),
    }),
  ),
  sourceKinds: z
    .array(
      z.object({
        name: z.string(),
        settings: Json.describe("The JSON Schema of what a definition of this kind has besides what all have."),
        change: z.unknown().describe("The JSON Schema of `change` in expressions. `true`: it depends on the settings, or may be anything."),
        isBrought: z.literal(true).optional().describe("The platform brings its changes."),
      }),
    )
    .describe("The kinds of sources that can be declared over HTTP."),
  formats: z
    .object({ STREAMS: Format, LOGS: Format, WEBHOOKS: Format, CATALOGS: Format, SOURCES: Format })
    .describe("The newest version of what objects store that this code reads and writes, for each class by its binding."),
});

const Names = z.array(z.string());

export const caller = z.object({
  by: z.string().nullable().describe("The name of the token, or the subject of the JWT. Null: the service needs no token."),
  rights: z.array(z.enum(RIGHTS)).describe("What the caller may do in this store. Empty: the token is for other stores, or has no rights."),
  stores: Names.describe("Names of stores, or `*` for all."),
  narrowed: z
    .object({
      categories: Names,
      aggregates: z.record(z.string(), z.union([z.literal("*"), Names])).describe("The commands of each that it may send; `*`: all."),
      views: Names,
    })
    .optional()
    .describe("The only parts that a narrowed token is for; `*` stands for all names. Absent: it is not narrowed."),
  until: Time.optional().describe("When the token is refused from. Absent: it does not expire."),
});
