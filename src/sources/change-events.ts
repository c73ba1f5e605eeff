/** Turns changes into events of a category, or finds the first change that cannot be one. Pure. */

import type { JsonObject } from "../core/event.ts";
import { SOURCE } from "../core/meta.ts";
import { derivedId } from "../core/ids.ts";
import { listed } from "../core/issue.ts";
import { isLonger } from "../core/json.ts";
import { EVENT_DATA_BYTES, ISSUES } from "../core/limits.ts";
import { kindOf } from "../core/misfit.ts";
import { messageOf } from "../core/mistake.ts";
import { streamIdProblem } from "../core/names.ts";
import { ofApp, thrown } from "../core/platform-errors.ts";
import type { Change } from "../definitions/sources/kind.ts";
import type { MadeEvent, Source } from "../definitions/sources/source.ts";
import { newEffort } from "../schemas/checker.ts";
import type { ImportedEvent } from "../store/import-protocol.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import { CHANGE_ID_CHARACTERS } from "./limits.ts";

/** An event that is ready to be stored, and the change that it comes from. */
export interface ChangeEvent {
  readonly change: Change;
  /** `category/id`. */
  readonly stream: string;
  readonly event: ImportedEvent;
}

export interface ChangeEvents {
  readonly events: readonly ChangeEvent[];
  /** Changes that were looked at and are settled with these events: all before the one that failed. */
  readonly settled: readonly Change[];
  readonly failed?: { readonly change: Change; readonly message: string };
}

/** What the events of a source have in common. */
export interface Making {
  readonly source: Source;
  readonly category: PlainCategory;
  readonly salt: string;
  /** Positions of changes that an operator has skipped. */
  readonly skipped: ReadonlySet<string>;
}

export function eventsOf(making: Making, changes: readonly Change[]): ChangeEvents {
  const events: ChangeEvent[] = [];
  const settled: Change[] = [];
  for (const change of changes) {
    try {
      const made = making.skipped.has(change.position) ? undefined : eventOf(making, change);
      if (made) events.push(made);
      settled.push(change);
    } catch (error) {
      return { events, settled, failed: { change, message: messageOf(thrown(error)) } };
    }
  }
  return { events, settled };
}

/** @throws {Error} whose message is for an operator, and has none of the change's values */
function eventOf({ source, category, salt }: Making, change: Change): ChangeEvent | undefined {
  if (change.id === "" || change.id.length > CHANGE_ID_CHARACTERS)
    throw new Error(`the id of the change must have 1 to ${CHANGE_ID_CHARACTERS} characters, and has ${change.id.length}`);
  const made = madeOf(source, change);
  if (made === undefined) return undefined;
  const problem = streamIdProblem(made.stream);
  if (problem !== undefined) throw new Error(`\`stream\`: ${problem}`);
  const type = made.type ?? onlyTypeOf(category);
  const data = objectOf(made.data);
  const checked = category.check(type, data, newEffort());
  if (checked === undefined)
    throw new Error(`${category.name} has no event type ${JSON.stringify(type.slice(0, 64))}; it has ${category.eventTypes.join(", ")}`);
  if ("issues" in checked) throw new Error(`the data does not fit the schema of ${type}: ${listed(checked.issues.slice(0, ISSUES))}`);
  if (isLonger(checked.data, EVENT_DATA_BYTES)) throw new Error(`the data has more than ${EVENT_DATA_BYTES} bytes`);
  return {
    change,
    stream: `${category.name}/${made.stream}`,
    event: {
      id: derivedId(salt, source.name, change.id),
      type,
      data: checked.data,
      meta: JSON.stringify({ [SOURCE]: source.name }),
      schemaVersion: checked.schemaVersion,
      ...(change.time === undefined ? {} : { time: change.time }),
    },
  };
}

/** What the definition makes of it. A change that is not readable is a mistake, unless it is of no concern. */
function madeOf(source: Source, { value, unreadable }: Change): MadeEvent | undefined {
  try {
    const made = ofApp(() => source.eventOf(value));
    if (made === undefined || unreadable === undefined) return made;
  } catch (error) {
    if (unreadable === undefined) throw error;
  }
  throw new Error(unreadable);
}

function onlyTypeOf({ name, factType, eventTypes }: PlainCategory): string {
  if (factType !== undefined) return factType;
  if (eventTypes.length === 1) return eventTypes[0] as string;
  throw new Error(
    `${name} has ${eventTypes.length === 0 ? "no declared" : "several"} event types: the source must say by \`type\` which one it is`,
  );
}

function objectOf(data: unknown): JsonObject {
  if (typeof data !== "object" || data === null || Array.isArray(data))
    throw new Error(`\`data\` must be a JSON object, got ${kindOf(data)}`);
  return data as JsonObject;
}
