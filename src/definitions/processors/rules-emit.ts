/** What a processor that is declared over HTTP emits: an event for a stream of a plain category, checked by the category. Pure. */

import type { JsonObject, RecordedEvent } from "../../core/event.ts";
import { derivedId } from "../../core/ids.ts";
import { type Issue, listed } from "../../core/issue.ts";
import { isLonger } from "../../core/json.ts";
import { EVENT_DATA_BYTES } from "../../core/limits.ts";
import { messageOf } from "../../core/mistake.ts";
import { EVENT_TYPE, streamIdProblem } from "../../core/names.ts";
import { type Effort } from "../../schemas/check-run.ts";
import { newEffort } from "../../schemas/checker.ts";

/** What an emission needs to know about the category that it goes to. */
export interface Target {
  readonly key?: string;
  readonly factType?: string;
  readonly eventTypes: readonly string[];
  /** Undefined: it does not take events of this type. */
  check(
    eventType: string,
    data: object,
    effort: Effort,
  ): { readonly data: string; readonly schemaVersion: number } | { readonly issues: readonly Issue[] } | undefined;
}

/** An event on its way to a stream. */
export interface Emission {
  /** The place of the step that emits it. */
  readonly path: string;
  /** `category/id`. */
  readonly stream: string;
  /** Derived from the processor, the event that it answers and the step: whatever is repeated, it is stored once. */
  readonly id: string;
  readonly type: string;
  /** JSON text, as it is stored. */
  readonly data: string;
  readonly schemaVersion: number;
}

/** What a step says about what it emits. */
interface Given {
  readonly path: string;
  readonly to: string;
  readonly type: string;
  /** The stream's id; undefined: it is found as that of a fact. */
  readonly id: string | undefined;
  readonly data: JsonObject;
}

/** The emission, or why the category does not take it. */
export function emissionOf(processor: string, event: RecordedEvent, given: Given, target: Target): Emission | { readonly problem: string } {
  const { path, to, type, data } = given;
  const checked = EVENT_TYPE.test(type) && !type.startsWith("$") ? checkedBy(target, type, data) : undefined;
  if (checked === undefined)
    return {
      problem: `${to} has no event type ${type.slice(0, TYPE_CHARACTERS)}; it has ${target.eventTypes.join(", ") || "none declared"}`,
    };
  if ("issues" in checked)
    return {
      problem: `the data does not fit ${type} of ${to}: ${listed(checked.issues)}`,
    };
  if (isLonger(checked.data, EVENT_DATA_BYTES)) return { problem: `the data has more than ${EVENT_DATA_BYTES} bytes` };
  const cause = [processor, event.stream, event.id, path];
  const id = given.id ?? streamIdOfFact(target, checked.data) ?? derivedId(...cause, "stream");
  const problem = typeof id === "string" ? streamIdProblem(id) : id.problem;
  if (problem !== undefined)
    return {
      problem: given.id === undefined && target.key !== undefined ? `\`${target.key}\` names the stream in ${to}: ${problem}` : problem,
    };
  return { path, stream: `${to}/${id as string}`, id: derivedId(...cause), type, data: checked.data, schemaVersion: checked.schemaVersion };
}

/** Characters of a type that a message repeats: more than a type can have. */
const TYPE_CHARACTERS = 130;

/** A schema in code is the app's code: what it throws is a misfit, too. */
function checkedBy(target: Target, type: string, data: object): ReturnType<Target["check"]> {
  try {
    return target.check(type, data, newEffort());
  } catch (error) {
    return { issues: [{ path: "", message: messageOf(error) }] };
  }
}

/** The stream that the data names, as it is stored; undefined: each fact of the category has a stream of its own. */
function streamIdOfFact({ key }: Target, text: string): string | { readonly problem: string } | undefined {
  if (key === undefined) return undefined;
  const data = JSON.parse(text) as Record<string, unknown>;
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  return typeof value === "string" || typeof value === "number" ? String(value) : { problem: "must be a string or a number" };
}
