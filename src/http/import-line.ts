/** A line of an import: its content, and the event that is stored for it. */

import * as z from "zod";
import { newEffort } from "../schemas/checker.ts";
import { DELETED, DELETED_DATA } from "../core/event.ts";
import { membersOf } from "../core/json-members.ts";
import { parseJson, sameJson } from "../core/json.ts";
import { EVENT_DATA_BYTES } from "../core/limits.ts";
import { EVENT_META_BYTES, IMPORT_DEPTH } from "./limits.ts";
import { EVENT_TYPE, UUID } from "../core/names.ts";
import type { ImportedEvent } from "../store/import-protocol.ts";
import { JsonObject } from "./append.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import { Problem } from "./problem.ts";
import { bounded } from "./body.ts";
import { checked } from "./request.ts";

/** A line: an event as the log exports it. For an event of another system, `stream`, `type` and `data` are enough. */
export const ImportLine = z.object({
  stream: z.string().regex(/^[^/]+\/[^/]+$/, "`category/id`"),
  type: z.string().regex(EVENT_TYPE),
  data: JsonObject,
  meta: JsonObject.default({}),
  id: z.string().regex(UUID, "a UUID").toLowerCase().optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  recordedAt: z.iso.datetime({ offset: true }).optional(),
  schemaVersion: z.int().positive().optional(),
  erased: z.boolean().default(false),
});

/** A parsed line: its members, with `data` and `meta` as the JSON text that they were written in. */
export interface ParsedLine extends z.output<typeof ImportLine> {
  readonly text: { readonly data: string; readonly meta: string };
}

/** @throws {Problem} when the line is not JSON, or not an event */
export function parseLine(line: string): ParsedLine {
  // A carriage return is white space where JSON allows one at all, and would break the line of an export in two.
  const json = line.replaceAll("\r", " ");
  let value: unknown;
  try {
    value = parseJson(json, IMPORT_DEPTH);
  } catch (error) {
    throw new Problem("invalid-json", error instanceof Error ? error.message : String(error));
  }
  const parsed = checked(ImportLine, value, "the event is not valid");
  const members = membersOf(json);
  return { ...parsed, text: { data: members.get("data") ?? "{}", meta: members.get("meta") ?? "{}" } };
}

/**
 * The event that is stored for a line: exactly as it is there, byte for byte, whatever today's schemas would make of it.
 *
 * @param validate also refuse what the schema of its type refuses, or would change
 */
export function importedEvent(category: PlainCategory, line: ParsedLine, validate: boolean): Omit<ImportedEvent, "id"> {
  const { type, time = line.recordedAt, erased } = line;
  const schemaVersion = versionOf(category, line);
  if (validate) requireFit(category, line, schemaVersion);
  return {
    type,
    data: bounded(dataOf(line), EVENT_DATA_BYTES, "data"),
    meta: bounded(erased ? "{}" : line.text.meta, EVENT_META_BYTES, "meta"),
    schemaVersion,
    ...(time === undefined ? {} : { time }),
    ...(erased ? { erased } : {}),
  };
}

/** An erased event has no readable data; the event that ends a stream has one spelling, by which all code recognises it. */
function dataOf({ type, erased, data, text }: ParsedLine): string {
  if (type === DELETED) {
    if (sameJson(text.data, DELETED_DATA.kept)) return DELETED_DATA.kept;
    if (sameJson(text.data, DELETED_DATA.erased)) return DELETED_DATA.erased;
    const expected = `the data of ${DELETED} is ${DELETED_DATA.kept} or ${DELETED_DATA.erased}`;
    throw new Problem("invalid-event", `${expected}, not ${JSON.stringify(data).slice(0, 100)}`, {
      issues: [{ path: "data.erased", message: expected }],
    });
  }
  return erased ? "{}" : text.data;
}

/**
 * The version of the event's schema. If a line has one, a store wrote it, perhaps with code that had more event types; if it has none, the
 * event is written as of today, so its type must be one that may be written today.
 */
function versionOf(category: PlainCategory, { type, schemaVersion }: ParsedLine): number {
  const isOurs = type.startsWith("$");
  const takes = isOurs || category.takes(type);
  if (schemaVersion === undefined) {
    if (!takes) throw unknownType(category, type);
    return isOurs ? 1 : category.schemaVersionOf(type);
  }
  const newest = isOurs ? 1 : category.schemaVersionOf(type);
  if (takes && schemaVersion > newest) {
    const message = `version ${schemaVersion} of ${type} is newer than this deployment, which has ${newest}`;
    throw new Problem("invalid-event", `${message}: deploy the code that wrote it first`, { issues: [{ path: "schemaVersion", message }] });
  }
  return schemaVersion;
}

/** Events of the store itself, erased events, and events that readers will lift first need not fit today's schemas. */
function requireFit(category: PlainCategory, { type, data, text, erased }: ParsedLine, schemaVersion: number): void {
  if (type.startsWith("$") || erased) return;
  const outcome = category.check(type, data, newEffort());
  if (outcome === undefined) throw unknownType(category, type);
  if (schemaVersion < category.schemaVersionOf(type)) return;
  if ("issues" in outcome) throw new Problem("invalid-event", `data does not fit the schema of ${type}`, { issues: outcome.issues });
  if (sameJson(outcome.data, text.data)) return;
  const message = `the schema of ${type} would change the data`;
  throw new Problem("invalid-event", `${message} to ${outcome.data.slice(0, 200)}; without validate=true it is stored unchanged`, {
    issues: [{ path: "data", message }],
  });
}

function unknownType(category: PlainCategory, type: string): Problem {
  return new Problem("invalid-event", `${category.name} has no event type ${type}; it has ${category.eventTypes.join(", ")}`, {
    issues: [{ path: "type", message: "not an event type of this category" }],
  });
}
