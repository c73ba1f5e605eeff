/** Schemas whose values JSON can hold: the compiler names the field that it cannot. Types only. */

import type * as z from "zod";
import type { DataSchema, DataSchemas, JsonValue } from "./event.ts";

/** Event types or commands by name, for a type parameter that is constrained by itself: `Events extends Schemas<Events>`. */
export type Schemas<Given> = DataSchemas & {
  readonly [Name in keyof Given]: Given[Name] extends DataSchema ? DataSchema : Mistake<Given[Name]>;
};

/** The compiler shows this text where a schema belongs. */
type Mistake<Schema> =
  Schema extends z.ZodType<infer Data>
    ? [FieldOf<Data>] extends [never]
      ? "the data of an event or a command is an object"
      : `JSON cannot hold its field ${FieldOf<Data>}: no Date, Map, Set, bigint, function or unknown`
    : DataSchema;

/** The schema of a view's row, or in its place what the compiler says of a column that JSON cannot hold. */
export type PlainRow<Row extends z.ZodObject> = [Row] extends [z.ZodObject<Record<string, z.ZodType<JsonValue>>>]
  ? Row
  : `JSON cannot hold its column ${FieldOf<z.output<Row>>}: no Date, Map, Set, bigint, function or unknown`;

/** Paths of fields that JSON cannot hold: `lines[].from`. */
type FieldOf<Data, Path extends string = ""> = Data extends JsonValue
  ? never
  : Data extends readonly (infer One)[]
    ? FieldOf<One, `${Path}[]`>
    : Data extends Date | ReadonlyMap<never, unknown> | ReadonlySet<unknown> | bigint | symbol | ((...args: never) => unknown)
      ? Path
      : unknown extends Data
        ? Path
        : { [Key in keyof Data & string]: FieldOf<Data[Key], Path extends "" ? Key : `${Path}.${Key}`> }[keyof Data & string];
