/**
 * Versions of an event type. Stored events are never rewritten: reading lifts them, one version at a time, to the schema that the code
 * knows, for aggregates, views, processors, webhooks and readers over HTTP alike.
 */

import type * as z from "zod";
import { AppError, OtherCode } from "../core/platform-errors.ts";
import { type DataSchema, type Frozen, type LoggedEvent, type RecordedEvent, type StoredEvent, categoryOf } from "../core/event.ts";
import { UNLIFTED_CHARACTERS } from "./limits.ts";
import { whyNotJson } from "../core/plain-json.ts";
import type { Followed } from "./followed.ts";

/** Turns data of one version into data of the next. */
type Lift = (data: never) => unknown;

/** The lifts that lead to a schema, from its first version on. */
const lifts = new WeakMap<DataSchema, readonly Lift[]>();

/**
 * Makes the next version of an event type. Use the result like the schema itself; its `schemaVersion` is one higher.
 *
 * @param earlier the schema so far, itself possibly a result of `upcast`
 * @param next the new schema
 * @param lift turns data of the earlier version into data of the next; pure
 *
 * @example
 * OrderPlaced: upcast(OrderPlacedV1, OrderPlacedV2, (placed) => ({ ...placed, currency: "EUR" }))
 */
export function upcast<Earlier extends DataSchema, Next extends DataSchema>(
  earlier: Earlier,
  next: Next,
  lift: (data: z.output<Earlier>) => Frozen<z.output<Next>>,
): Next {
  // A copy, so that the same schema used elsewhere keeps its own history.
  const versioned = next.clone();
  lifts.set(versioned, [...(lifts.get(earlier) ?? []), lift]);
  return versioned;
}

/** The version that new events of this schema get. 1: the schema has never changed. */
export function schemaVersionOf(schema: DataSchema): number {
  return (lifts.get(schema)?.length ?? 0) + 1;
}

/** The source code of the lifts that lead to this schema, from its first version on: they decide what readers see of older events. */
export function liftsOf(schema: DataSchema): readonly string[] {
  return (lifts.get(schema) ?? []).map(String);
}

/** What lifting needs to know about an app. */
interface Sources {
  readonly aggregates: ReadonlyMap<string, Pick<Followed, "events">>;
  readonly categories: ReadonlyMap<string, Pick<Followed, "events">>;
}

/** The event as the current code declares its type. An event of a type that the code does not declare stays as it is. */
export function lift<Event extends StoredEvent>(app: Sources, stream: string, event: Event): Event {
  const category = categoryOf(stream);
  const schema = schemaIn(app.aggregates.get(category) ?? app.categories.get(category), event.type);
  return schema ? liftTo(schema, event) : event;
}

/** Whether {@link lift} may change events of this kind: `category/type`. */
export function isLifted(app: Sources, kind: string): boolean {
  const category = categoryOf(kind);
  const schema = schemaIn(app.aggregates.get(category) ?? app.categories.get(category), kind.slice(category.length + 1));
  return schema !== undefined && schemaVersionOf(schema) > 1;
}

/**
 * The event as a consumer's own code declares its type, whatever the code that read it has made of it: a log may run another version of the
 * app's code.
 */
export function liftFor(followed: readonly Followed[], event: LoggedEvent): LoggedEvent {
  const schema = schemaFor(followed, event.stream, event.type);
  return schema ? liftTo(schema, event) : event;
}

/**
 * Why a consumer must not process an event: newer code stored it, and the consumer would misread it. Undefined: the consumer knows the
 * event's version.
 */
export function tooNewFor(
  followed: readonly Followed[],
  { stream, type, version, schemaVersion, erased = false }: Versioned & { readonly erased?: boolean },
): OtherCode | undefined {
  if (erased) return undefined;
  const schema = schemaFor(followed, stream, type);
  const known = schema && schemaVersionOf(schema);
  if (known === undefined || schemaVersion <= known) return undefined;
  return new OtherCode(
    `event ${version} of ${stream}, a ${type}, has schemaVersion ${schemaVersion}; this code knows ${known} at most, and leaves it to newer code`,
  );
}

type Versioned = Pick<LoggedEvent, "stream" | "type" | "version" | "schemaVersion">;

/**
 * Like {@link liftFor}, for the event that a handler gets: the consumer that read it may run older code.
 *
 * @throws {AppError} when it cannot be lifted
 */
export function liftInput(followed: readonly Followed[], event: RecordedEvent): RecordedEvent {
  const lifted = liftedInput(followed, event);
  if (!lifted) return event;
  const problem = liftError(lifted);
  if (problem) throw problem;
  return { ...event, data: JSON.parse(lifted.data) as unknown, schemaVersion: lifted.schemaVersion };
}

/** Why a handler cannot get the event from a consumer that runs other code; undefined: it can, by {@link liftInput}. */
export function whyNotInput(followed: readonly Followed[], event: RecordedEvent): Error | undefined {
  const lifted = liftedInput(followed, event);
  return lifted ? liftError(lifted) : tooNewFor(followed, event);
}

/** Undefined: there is nothing to lift. */
function liftedInput(followed: readonly Followed[], event: RecordedEvent): StoredEvent | undefined {
  const schema = schemaFor(followed, event.stream, event.type);
  if (!schema || event.schemaVersion >= schemaVersionOf(schema)) return undefined;
  const { version, id, type, schemaVersion } = event;
  return liftTo(schema, { version, id, type, schemaVersion, data: JSON.stringify(event.data), meta: "{}", time: null, recordedAt: 0 });
}

function schemaFor(followed: readonly Followed[], stream: string, type: string): DataSchema | undefined {
  const category = categoryOf(stream);
  return schemaIn(
    followed.find(({ name }) => name === category),
    type,
  );
}

function schemaIn(declared: Pick<Followed, "events"> | undefined, type: string): DataSchema | undefined {
  return declared && Object.hasOwn(declared.events, type) ? declared.events[type] : undefined;
}

/**
 * The event, lifted to this schema. An event that cannot be lifted is returned as it is stored, with the reason: it does not stop readers,
 * and code that folds or handles it asks for the {@link liftError}.
 */
export function liftTo<Event extends StoredEvent>(schema: DataSchema, stored: Event): Event {
  // This version of the code may be able to do what another could not.
  const event = stored.unlifted === undefined ? stored : withoutProblem(stored);
  const steps = (lifts.get(schema) ?? []).slice(event.schemaVersion - 1);
  if (steps.length === 0 || event.erased) return event;
  let version = event.schemaVersion;
  try {
    let data: unknown = JSON.parse(event.data);
    for (const step of steps) {
      data = step(data as never);
      version += 1;
      const problem = problemWith(data);
      if (problem) return unlifted(event, `the upcast to version ${version} returned ${problem}`);
    }
    return { ...event, data: JSON.stringify(data), schemaVersion: version };
  } catch (error) {
    return unlifted(event, `the upcast to version ${version + 1} threw: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function withoutProblem<Event extends StoredEvent>({ unlifted: _unlifted, ...event }: Event): Event {
  return event as unknown as Event; // the member is optional
}

/** Why the result of an upcast cannot be an event's data; undefined: it can. */
function problemWith(data: unknown): string | undefined {
  const problem = whyNotJson(data, "data");
  if (problem) return `data that is not JSON: ${problem.path} is ${problem.kind}`;
  return typeof data !== "object" || data === null || Array.isArray(data) ? "data that is not an object" : undefined;
}

function unlifted<Event extends StoredEvent>(event: Event, why: string): Event {
  return { ...event, unlifted: why.slice(0, UNLIFTED_CHARACTERS) };
}

/** Why code of these categories cannot process an event, whatever else it knows; undefined: it can. */
export function problemFor(followed: readonly Followed[], event: LoggedEvent): Error | undefined {
  return liftError(event) ?? tooNewFor(followed, event);
}

/** The error for code that has to understand an event which could not be lifted; undefined: it is as the code declares it. */
export function liftError({ type, version, unlifted: why }: StoredEvent): AppError | undefined {
  return why === undefined ? undefined : new AppError(`the event ${type}, version ${version} of its stream, cannot be lifted: ${why}`);
}
