/** What expressions know of events: the schemas of `event` and `data` for the events that a definition follows. */

import { DELETED } from "../../core/event.ts";
import { type JsonSchema, isObject } from "../../schemas/json-schema.ts";

/** What is known of a category's events. */
export interface EventShapes {
  readonly name: string;
  /** Whether it has events of the declared types only. */
  readonly strict: boolean;
  /** JSON Schemas by event type. */
  readonly events: Readonly<Record<string, JsonSchema>>;
}

const STRING = { type: "string" };
const NUMBER = { type: "integer" };
const OBJECT = { type: "object" };

/** @param types the event types that the definition handles; absent: all */
export function eventScope(
  categories: readonly EventShapes[],
  types?: readonly string[],
): { readonly event: JsonSchema; readonly data: JsonSchema } {
  const schemas = categories.flatMap((category) => schemasOf(category, types));
  const data: JsonSchema = schemas.length === 0 ? OBJECT : { anyOf: schemas };
  const known = types ?? typesOf(categories);
  return {
    data,
    event: {
      type: "object",
      additionalProperties: false,
      properties: {
        id: STRING,
        stream: STRING,
        streamId: STRING,
        category: STRING,
        version: NUMBER,
        position: NUMBER,
        type: known ? { enum: known } : STRING,
        data,
        meta: OBJECT,
        time: STRING,
      },
    },
  };
}

/** The types that events of these categories may be of, if that is known. Any stream may end. */
function typesOf(categories: readonly EventShapes[]): string[] | undefined {
  if (!categories.every(({ strict }) => strict)) return undefined;
  return [...categories.flatMap(({ events }) => Object.keys(events)), DELETED];
}

function schemasOf({ name, strict, events }: EventShapes, types: readonly string[] | undefined): JsonSchema[] {
  const declared = Object.keys(events);
  const known = types === undefined ? declared : declared.filter((type) => types.includes(type));
  const hasOthers = !strict && (types === undefined || types.some((type) => !declared.includes(type)));
  // Each is a document of its own, with an address, so that its `$ref`s begin at itself.
  return [...known.map((type) => document(events[type]!, `event:${name}/${type}`)), ...(hasOthers ? [OBJECT] : [])];
}

function document(schema: JsonSchema, id: string): JsonSchema {
  return isObject(schema) ? { $id: id, ...schema } : schema;
}
