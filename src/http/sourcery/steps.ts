/** Sourcery's processors, `{from, to?, filter | branch | split | join | map | multi}`, as the steps of ours. Pure. */

import type { JsonValue } from "../../core/event.ts";
import { NAME } from "../../core/names.ts";
import type { BranchDefinition, StepDefinition } from "../../definitions/over-http/processor-form.ts";
import { joinedName } from "./parts.ts";
import { isOperators, predicate } from "./predicate.ts";
import { type Part, type RecordForm, fieldOf, namesOf, partNameOf } from "./record.ts";
import { objectIn, refuse, requireKnown, stringIn } from "./refuse.ts";
import { literal, member } from "./text.ts";

export const OPERATIONS = ["filter", "branch", "split", "join", "map", "multi"] as const;
type Operation = (typeof OPERATIONS)[number];

/** What a translation has to know about the store. */
export interface Known {
  readonly from: string;
  /** The parts of the joined records that `from` has; undefined: it has plain ones only. */
  readonly parts?: readonly Part[] | undefined;
  /** Whether `from` has no schema. */
  readonly isOpen: boolean;
  /** The field that names the streams of a category that is written to. */
  keyOf(stream: string): string | undefined;
}

/** @param to where records go that no step has written; undefined: a step has to */
export function stepsOf(body: Readonly<Record<string, unknown>>, to: string | undefined, known: Known): StepDefinition[] {
  const plain = { isOpen: known.isOpen };
  const steps = (form: RecordForm) => {
    const translation = new Translation(known);
    const { wrote, form: after, steps } = translation.one(body, form, "");
    const isLast = !wrote || body.to !== undefined;
    return isLast ? [...steps, translation.write(to, after, "to")] : [...steps];
  };
  const [first] = known.parts ?? [];
  if (!first) return steps(plain);
  // Clients may have added plain records.
  const isJoined = `type(${member([first.name]).replace("[", "[?")}.orValue(null)) == "map"`;
  return [{ branch: [{ when: isJoined, steps: steps({ ...plain, parts: known.parts }) }, { steps: steps(plain) }] }];
}

/** Steps, and the records after them. */
interface Translated {
  readonly steps: readonly StepDefinition[];
  readonly form: RecordForm;
  /** Whether one of them writes to a stream. */
  readonly wrote: boolean;
}

class Translation {
  readonly #known: Known;
  #joins = 0;

  constructor(known: Known) {
    this.#known = known;
  }

  /** The one operation of an object. */
  one(body: Readonly<Record<string, unknown>>, form: RecordForm, path: string): Translated {
    const named = OPERATIONS.filter((name) => body[name] !== undefined);
    const [operation] = named;
    if (operation === undefined || named.length > 1) {
      const several = named.length > 1 ? `, not ${named.join(" and ")}: \`multi\` takes several, in their order` : "";
      refuse(path, `must have one of ${OPERATIONS.join(", ")}${several}`);
    }
    const at = path === "" ? operation : `${path}.${operation}`;
    return this.#translate(operation, body[operation], form, at);
  }

  /** The step that writes a record. A joined one goes back to the stream of its first part as that part. */
  write(stream: unknown, form: RecordForm, path: string): StepDefinition {
    const to = streamNameIn(stream, path);
    const [first] = form.parts ?? [];
    const record = member(first ? [first.name] : []);
    const id = `type(${record}[?"id"].orValue(null)) in ["string", "number"] ? ${record}["id"] : event.streamId`;
    return {
      emit: {
        to,
        ...(this.#known.keyOf(to) === undefined ? { id } : {}),
        ...(first?.source === to ? { data: record } : {}),
      },
    };
  }

  #translate(operation: Operation, value: unknown, form: RecordForm, path: string): Translated {
    switch (operation) {
      case "filter":
        return { steps: [{ filter: predicate(value, form, path) }], form, wrote: false };
      case "branch":
      case "split":
        return { steps: [{ branch: this.#branches(value, form, path) }], form, wrote: true };
      case "join":
        return this.#join(value, form, path);
      case "map":
        return { steps: [{ set: membersOf(value, form, path) }], form, wrote: false };
      case "multi":
        return this.#multi(value, form, path);
    }
  }

  #multi(value: unknown, before: RecordForm, path: string): Translated {
    if (!Array.isArray(value) || value.length === 0) refuse(path, "must be a list of steps");
    let form = before;
    let hasWritten = false;
    const steps: StepDefinition[] = [];
    for (const [index, step] of (value as unknown[]).entries()) {
      const at = `${path}.${index}`;
      const body = objectIn(step, at, "a step");
      requireKnown(body, [...OPERATIONS, "to"], at);
      const one = this.one(body, form, at);
      form = one.form;
      hasWritten ||= one.wrote || body.to !== undefined;
      steps.push(...one.steps, ...(body.to === undefined ? [] : [this.write(body.to, form, `${at}.to`)]));
    }
    return { steps, form, wrote: hasWritten };
  }

  #join(value: unknown, form: RecordForm, path: string): Translated {
    const join = objectIn(value, path, "{with, by}");
    requireKnown(join, ["with", "by"], path);
    const source = streamNameIn(join.with, `${path}.with`);
    const by = fieldOf(stringIn(join.by, `${path}.by`, "a field of the record"), form, `${path}.by`);
    const as = joinedName(++this.#joins);
    const { from } = this.#known;
    const before = form.parts ?? [{ name: partNameOf(from), source: from }];
    const part = { name: partNameOf(source), source };
    for (const { name } of [...before, part]) {
      // Dots lead to members of members.
      if (name.includes(".")) refuse(`${path}.with`, `a part would be called ${name}: names of joined streams and views have no dots`);
    }
    if (before.some(({ name }) => name === part.name)) refuse(`${path}.with`, `two parts would be called ${part.name}`);
    const key = `has(${by}) && type(${by}) in ["string", "number"] ? ${by} : null`;
    return {
      steps: [
        { join: { with: source, by: key, as, missing: "skip" } },
        form.parts ? { set: { [part.name]: as } } : { map: { [before[0]?.name as string]: "data", [part.name]: as } },
      ],
      form: { ...form, parts: [...before, part] },
      wrote: false,
    };
  }

  #branches(value: unknown, form: RecordForm, path: string): BranchDefinition[] {
    const branch = (asked: unknown, to: unknown, at: string): BranchDefinition => ({
      when: predicate(asked, form, at),
      steps: this.#destination(to, form, `${at}.to`),
    });
    if (Array.isArray(value)) {
      return value.map((one, index) => {
        const at = `${path}.${index}`;
        const { filter = {}, to, ...others } = objectIn(one, at, "{filter, to}");
        requireKnown(others, ["filter", "to"], at);
        return branch(filter, to, at);
      });
    }
    const streams = Object.entries(objectIn(value, path, "predicates by stream, or a list of {filter, to}"));
    return streams.map(([stream, asked]) => branch(withinFilter(asked), stream, `${path}.${stream}`));
  }

  /** A stream, or what is done with the record before it is written. */
  #destination(to: unknown, form: RecordForm, path: string): StepDefinition[] {
    if (typeof to === "string" || to === undefined) return [this.write(to, form, path)];
    const body = objectIn(to, path, "a stream, or {map, to}");
    requireKnown(body, [...OPERATIONS, "to"], path);
    const { steps, form: after, wrote } = this.one(body, form, path);
    return wrote && body.to === undefined ? [...steps] : [...steps, this.write(body.to, after, `${path}.to`)];
  }
}

/** `{filter: predicate}` is the predicate, unless `filter` is a field that is compared. */
function withinFilter(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { filter, ...others } = value as Readonly<Record<string, unknown>>;
  const isNested = typeof filter === "object" && filter !== null && !isOperators(filter) && Object.keys(others).length === 0;
  return isNested ? filter : value;
}

/** `{"$set": {field: value}}`, as members with expressions. */
function membersOf(value: unknown, form: RecordForm, path: string): Record<string, string> {
  const map = objectIn(value, path, '{"$set": {field: value}}');
  requireKnown(map, ["$set"], path);
  const at = `${path}.$set`;
  const fields = Object.entries(objectIn(map.$set, at, "an object of values by field"));
  return Object.fromEntries(fields.map(([field, one]) => [namesOf(field, form, `${at}.${field}`).join("."), literal(one as JsonValue)]));
}

/** A name that a stream or a view can have here. */
export function streamNameIn(value: unknown, path: string): string {
  const name = stringIn(value, path, "the name of a stream");
  if (!NAME.test(name)) refuse(path, `a name here must match ${NAME.source}, because it is part of URLs`);
  return name;
}
