/** A category that is declared over HTTP: its definition, and how that may change. Pure. */

import * as z from "zod";
import { CATEGORY_EVENT_TYPES } from "../limits.ts";
import { ISSUES, PATTERN_STATES } from "../../core/limits.ts";
import { EVENT_TYPE } from "../../core/names.ts";
import type { Issue } from "../../core/issue.ts";
import { type JsonSchema, isObject } from "../../schemas/json-schema.ts";
import { incompatibility } from "../../schemas/schema-change.ts";
import { schemaIssues } from "../../schemas/schema-check.ts";

/** A category's definition as it is kept. */
export interface Definition {
  readonly description?: string;
  /** The property of an event's data that names its stream. */
  readonly key?: string;
  /** Whether only the declared event types are accepted. */
  readonly strict: boolean;
  /** By event type. None: any type, with any JSON object as data. */
  readonly events: Readonly<Record<string, JsonSchema>>;
  /**
   * Whether a fact is sent as its data alone, because it can only be of the type {@link factTypeOf}; otherwise it is sent as an event with
   * its type.
   */
  readonly facts: boolean;
}

/** A definition as version 0.1 stored it. */
type StoredDefinition = Omit<Definition, "facts"> & Partial<Pick<Definition, "facts">>;

/** The event type of a category that has only one kind of facts. */
export function factTypeOf(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Recorded`;
}

/** Reads a definition of this category that was kept as JSON. */
export function readDefinition(name: string, text: string): Definition {
  const stored = JSON.parse(text) as StoredDefinition;
  // The name of its only type shows that it was declared with `schema`: version 0.1 did not keep the form.
  const isFactType = (type: string) => type === factTypeOf(name);
  const types = Object.keys(stored.events);
  return { ...stored, facts: stored.facts ?? (types.length <= 1 && types.every(isFactType)) };
}

/** A definition, as clients send it. Its schemas are checked elsewhere. */
export const DefinitionIn = z.strictObject({
  description: z.string().max(1_024).optional(),
  key: z.string().min(1).max(128).optional(),
  events: z.custom<Record<string, unknown>>(isObject, "JSON Schemas by event type").optional(),
  schema: z.custom<unknown>((schema) => schema !== undefined, "a JSON Schema").optional(),
  strict: z.boolean().optional(),
});

/** The definition that a request's body declares for this category, or what is wrong with it. */
export function parseDefinition(name: string, body: unknown): Definition | { readonly issues: readonly Issue[] } {
  const parsed = DefinitionIn.safeParse(body);
  if (!parsed.success) return { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })) };
  const { events = {}, schema, strict, ...kept } = parsed.data;
  if (schema !== undefined && parsed.data.events)
    return { issues: [{ path: "schema", message: "declare either `schema` or `events`, not both" }] };
  const asked: [type: string, schema: unknown, path: string][] =
    schema === undefined
      ? Object.entries(events).map(([type, one]) => [type, one, `events.${type}`])
      : [[factTypeOf(name), schema, "schema"]];
  if (asked.length > CATEGORY_EVENT_TYPES) return { issues: [{ path: "events", message: `at most ${CATEGORY_EVENT_TYPES} event types` }] };
  const states = { left: PATTERN_STATES };
  const issues = asked.flatMap(([type, one, path]) => [
    ...(EVENT_TYPE.test(type) && !type.startsWith("$")
      ? []
      : [{ path, message: `an event type must match ${EVENT_TYPE.source}, which does not begin with $` }]),
    ...schemaIssues(one, states).map((issue) => ({ path: path + issue.path, message: issue.message })),
  ]);
  if (issues.length > 0) return { issues: issues.slice(0, ISSUES) };
  return {
    ...kept,
    strict: asked.length > 0 && strict !== false,
    events: Object.fromEntries(asked.map(([type, one]) => [type, one as JsonSchema])),
    // Only the form decides: a declaration with `events` means the same however many types it names.
    facts: parsed.data.events === undefined,
  };
}

/** What a client sends to declare this definition. */
export function declarationOf(name: string, { facts, events, strict, ...kept }: Definition): z.input<typeof DefinitionIn> {
  if (!facts) return { ...kept, events, strict };
  const schema = events[factTypeOf(name)];
  return { ...kept, ...(schema === undefined ? {} : { schema }), strict };
}

/** The definitions through which a category came to the present one, the oldest first: an event type gets its versions one by one. */
export function historyOf(present: Definition, earlier: readonly EarlierSchema[]): Definition[] {
  const versions = Object.entries(present.events).map(([eventType, schema]) => {
    const before = earlier.filter((one) => one.eventType === eventType).toSorted((a, b) => a.version - b.version);
    return [eventType, [...before.map((one) => one.schema), schema]] as const;
  });
  const steps = Math.max(1, ...versions.map(([, schemas]) => schemas.length));
  return Array.from({ length: steps }, (_, step) => ({
    ...present,
    events: Object.fromEntries(versions.map(([eventType, schemas]) => [eventType, schemas.at(Math.min(step, schemas.length - 1)) ?? true])),
  }));
}

/** The version of an event type that its schema describes: its annotation `x-version`, else 1. */
export function versionOf(schema: JsonSchema): number {
  return isObject(schema) && typeof schema["x-version"] === "number" ? schema["x-version"] : 1;
}

/** A version of an event type that a newer one replaced. */
export interface EarlierSchema {
  readonly eventType: string;
  readonly version: number;
  readonly schema: JsonSchema;
}

/** The versions that a changed definition no longer describes, although events of them may exist. */
export function replacedVersions(old: Definition, next: Definition): EarlierSchema[] {
  return Object.entries(next.events).flatMap(([eventType, schema]) => {
    // Before it was declared, a type was accepted unchecked or not at all.
    const before = Object.hasOwn(old.events, eventType) ? old.events[eventType] : old.strict ? undefined : true;
    const version = before === undefined ? undefined : versionOf(before);
    return before === undefined || version === undefined || version === versionOf(schema) ? [] : [{ eventType, version, schema: before }];
  });
}

/** Why a definition cannot replace the previous one. */
export interface DefinitionProblem {
  /** The event type; absent: it is about the whole category. */
  readonly eventType?: string;
  /** JSON pointer into that type's new schema. */
  readonly path?: string;
  readonly reason: string;
}

/** Why events that fitted the old definition might not fit the new one; undefined: they all do. */
export function changeProblem(old: Definition, next: Definition): DefinitionProblem | undefined {
  if (!old.strict && next.strict)
    return { reason: 'so far the category accepted any event type, so it may have others than those declared now: set "strict": false' };
  for (const [eventType, schema] of Object.entries(old.events)) {
    if (!Object.hasOwn(next.events, eventType))
      return { eventType, reason: "an event type cannot be removed: its events are still stored" };
    const problem = versionProblem(schema, next.events[eventType] as JsonSchema);
    if (problem) return { eventType, ...problem };
  }
  if (old.strict) return undefined;
  for (const [eventType, schema] of Object.entries(next.events)) {
    // What was accepted unchecked was the first version of a type whose schema accepts everything.
    const problem = Object.hasOwn(old.events, eventType) ? undefined : versionProblem(true, schema);
    if (problem) return { eventType, ...problem };
  }
  return undefined;
}

function versionProblem(old: JsonSchema, next: JsonSchema): { path: string; reason: string } | undefined {
  const [before, after] = [versionOf(old), versionOf(next)];
  if (after === before + 1) return undefined;
  if (after === before) return incompatibility(old, next);
  return {
    path: "#/x-version",
    reason: `after version ${before} comes ${before} again, with a compatible schema, or ${before + 1}, with any`,
  };
}
