/** Events, the answers of writes, and categories. */

import * as z from "zod";
import { type CategorySummary, CodeProblem } from "../../../store/catalog-protocol.ts";
import { EventReference } from "../../../store/stream-protocol.ts";
import { Issue } from "../../../core/issue.ts";
import { Attributes } from "../../../core/cloudevents.ts";
import { Envelope } from "../../cloudevents.ts";
import { Name, Version, Position, Time, Uuid, StreamName, Json } from "../../../core/answer.ts";

export const problem = z
  .looseObject({
    type: z.string().describe("`/problems/{code}`"),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What is wrong with this request, and what would be right."),
    code: z.string().describe("The code for programs to branch on."),
    issues: z.array(Issue).optional(),
  })
  .describe("A problem document (RFC 9457). Some codes add fields of their own.");

export const event = z
  .object({
    id: Uuid.describe("Unique within its stream."),
    stream: StreamName,
    version: z.int().positive().describe("1-based and contiguous within its stream."),
    position: z
      .int()
      .positive()
      .optional()
      .describe("1-based and contiguous within the log of its store. Events that are read from the log always have it."),
    type: z.string(),
    data: Json,
    meta: z
      .looseObject({ correlationId: z.unknown().optional(), causationId: z.unknown().optional() })
      .describe(
        "What the writer gave. Events that a command, a timer, a processor or a source made name it: `$command`, `$timer`, `$processor` and `$source`.",
      ),
    time: Time.describe("When it happened: exactly as the writer sent it, else `recordedAt`."),
    recordedAt: Time,
    schemaVersion: z.int().positive(),
    unlifted: z
      .string()
      .optional()
      .describe("Why the code could not upcast the event to its own version: `data` is as it was stored, in `schemaVersion`."),
    erased: z.literal(true).optional().describe("The content was erased: `data` and `meta` are empty."),
  })
  .describe("An event: an immutable fact.");

/** In the document this is one of the events that the app declares, or any other. */
export const anyEvent = event.describe(
  "One of the events that the code declares, or one of a category that was declared over HTTP, or of the store itself (`$…`).",
);

export const written = z.object({
  stream: StreamName,
  version: Version,
  position: Position.optional().describe(
    "The position of the last event. Absent: the log did not answer in time; the events are stored all the same.",
  ),
  events: z.array(EventReference),
});

export const commandAnswer = z.object({ commandId: z.string(), ...written.shape });

export const commandOutcome = z.object({
  commandId: z.string(),
  stream: StreamName,
  status: z.enum(["accepted", "refused", "failed"]),
  version: Version.optional(),
  position: Position.optional(),
  events: z.array(EventReference).optional(),
  reason: z.string().optional(),
  details: z.unknown().optional(),
});

export const category = z.object({
  name: Name,
  kind: z.enum(["aggregate", "plain"]),
  origin: z.enum(["code", "api"]),
  description: z.string().optional(),
  key: z.string().optional().describe("The property of an event's data that names its stream."),
  strict: z.boolean().optional().describe("Whether the category accepts only the declared event types."),
  eventTypes: z.array(z.string()),
}) satisfies z.ZodType<Omit<CategorySummary, "strict">>;

export const categoryDefinition = z.object({
  ...category.omit({ eventTypes: true }).shape,
  revision: z.int().optional(),
  facts: z
    .boolean()
    .describe("Whether `POST /streams/{category}` expects only the data of a fact. False: it expects an event with its `type`."),
  events: z.record(z.string(), z.unknown()).describe("JSON Schemas by event type."),
  commands: z
    .record(z.string(), z.object({ schema: Json.describe("The JSON Schema of the command's data.") }))
    .optional()
    .describe("The commands of an aggregate, process manager or saga that clients may send."),
  versions: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .describe("The JSON Schemas that events were written with, by event type and `schemaVersion`."),
  removed: z.literal(true).optional().describe("Code once declared the category, and no longer does."),
  incompatible: z
    .array(CodeProblem)
    .optional()
    .describe("Event types whose schema in code may refuse events that earlier code stored as the same version."),
});

export const cloudEvent = z
  .object({ ...Attributes.shape, ...Envelope.omit({ data_base64: true }).shape })
  .describe("A CloudEvent 1.0. Further extension attributes are kept.");
