/** The members of an object's schema as a table has them, and back. What a table cannot show stays JSON. Pure. */

import type { SchemaObject } from "../../parts/schema.ts";

export const TYPES = ["text", "number", "whole number", "true or false", "time", "one of", "list", "object", "anything"] as const;

export interface Member {
  readonly name: string;
  readonly type: (typeof TYPES)[number];
  readonly isRequired: boolean;
  /** Of “one of”, separated by commas. */
  readonly values: string;
}

export interface Shape {
  readonly members: readonly Member[];
  /** Other members may be there. */
  readonly isOpen: boolean;
  /** The schema's version and description stay as they are. */
  readonly rest: SchemaObject;
}

const SCHEMAS: Readonly<Record<Exclude<Member["type"], "one of">, SchemaObject>> = {
  text: { type: "string" },
  number: { type: "number" },
  "whole number": { type: "integer" },
  "true or false": { type: "boolean" },
  time: { type: "string", format: "date-time" },
  list: { type: "array" },
  object: { type: "object" },
  anything: {},
};

export function schemaFrom({ members, isOpen, rest }: Shape): SchemaObject {
  return {
    ...rest,
    type: "object",
    properties: Object.fromEntries(
      members.map(({ name, type, values }) => [
        name,
        type === "one of" ? { enum: values.split(",").map((one) => one.trim()) } : SCHEMAS[type],
      ]),
    ),
    required: members.flatMap(({ name, isRequired }) => (isRequired ? [name] : [])),
    ...(isOpen ? {} : { additionalProperties: false }),
  };
}

/** Undefined: there is more in it. */
export function membersFrom(schema: unknown): Shape | undefined {
  if (typeof schema !== "object" || schema === null) return undefined;
  const { type, properties = {}, required = [], additionalProperties = true, ...rest } = schema as SchemaObject;
  const isPlain = type === "object" && typeof additionalProperties === "boolean" && Array.isArray(required);
  if (!isPlain || Object.keys(rest).some((keyword) => keyword !== "x-version" && keyword !== "description")) return undefined;
  const members: Member[] = [];
  for (const [name, its] of Object.entries(properties as SchemaObject)) {
    const text = JSON.stringify(its);
    const known = TYPES.find((one) => one !== "one of" && JSON.stringify(SCHEMAS[one]) === text);
    const values = isListed(its) ? its.enum.join(", ") : undefined;
    if (known === undefined && values === undefined) return undefined;
    members.push({ name, type: known ?? "one of", isRequired: required.includes(name), values: values ?? "" });
  }
  // What must be there is in the table.
  return required.every((name) => members.some((one) => one.name === name)) ? { members, isOpen: additionalProperties, rest } : undefined;
}

function isListed(schema: unknown): schema is { enum: string[] } {
  const { enum: values, ...rest } = schema as SchemaObject;
  return (
    Object.keys(rest).length === 0 &&
    Array.isArray(values) &&
    values.every((one) => typeof one === "string" && !one.includes(",") && one.trim() === one)
  );
}
