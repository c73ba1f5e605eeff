/** What a processor would do with an event, step by step: an event of the log, or one that was never written. Nothing is stored. */

import * as z from "zod";
import { type JsonObject, type RecordedEvent, categoryOf, toRecorded } from "../core/event.ts";
import { MAX_POSITION } from "../core/limits.ts";
import { messageOf } from "../core/mistake.ts";
import { EVENT_TYPE, NAME, UUID, streamIdProblem } from "../core/names.ts";
import { newId } from "../core/ids.ts";
import { thrown } from "../core/platform-errors.ts";
import { processorFrom } from "../definitions/over-http/processor.ts";
import type { Rules } from "../definitions/processors/rules.ts";
import { type Lookup, type Refused, StepMistake, type Traced, run, whyPassed } from "../definitions/processors/rules-run.ts";
import type { Emission } from "../definitions/processors/rules-emit.ts";
import { liftError, liftFor } from "../definitions/upcast.ts";
import { undeclared } from "../operations/declare.ts";
import { targetsOf } from "../processors/rules-consumer.ts";
import type { Store } from "../store/store.ts";
import { EventIn, JsonObject as JsonObjectIn } from "./append.ts";
import { jsonBody } from "./body.ts";
import { problemOf, unknownProcessor } from "./definitions.ts";
import { DEFINITION_BYTES } from "./limits.ts";
import { requireWithin } from "./log-query.ts";
import { type FoundAt, findFor } from "./preview-joins.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, checked, storeOf } from "./request.ts";

const Position = z.int().positive().max(MAX_POSITION);

/** An event that need not exist, in the form that the log shows events in. */
const PreviewEvent = z.strictObject({
  stream: z.string().refine((stream) => streamProblem(stream) === undefined, { error: ({ input }) => streamProblem(String(input)) ?? "" }),
  type: z.string().regex(EVENT_TYPE),
  data: JsonObjectIn,
  id: z.string().regex(UUID, "a UUID").toLowerCase().optional(),
  version: Position.optional(),
  position: Position.optional(),
  meta: JsonObjectIn.default({}),
  time: EventIn.shape.time,
  recordedAt: EventIn.shape.time,
  schemaVersion: z.int().positive().default(1),
});

export const PreviewOf = z.strictObject({
  event: z.union([Position, PreviewEvent], "the position of an event in the log, or an event: {stream, type, data}"),
});
export const PreviewIn = PreviewOf.extend({
  /** What its ids derive from. */
  name: z.string().regex(NAME).default("preview"),
  definition: z.unknown(),
});

/** `POST /processors/preview` */
export async function previewDefinition(context: HttpContext): Promise<Response> {
  const store = storeOf(context);
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  const { name, definition, event } = checked(PreviewIn, value, "the preview is not valid");
  const found = await undeclared(store, name, definition);
  if ("outcome" in found) {
    const issues =
      found.outcome === "issues" ? found.issues.map((one) => ({ ...one, path: one.path ? `definition.${one.path}` : "definition" })) : [];
    throw problemOf("processor", name, found.outcome === "issues" ? { outcome: "issues", issues } : found);
  }
  return context.json(await preview(store, processorFrom(name, found.definition, found.around, 0), event));
}

/** `POST /processors/{name}/preview` */
export async function previewProcessor(context: HttpContext): Promise<Response> {
  const store = storeOf(context);
  const name = context.req.param("name") ?? "";
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  const { event } = checked(PreviewOf, value, "the preview is not valid");
  const processor = await store.definitions.processor(name);
  if (!processor) throw unknownProcessor(name);
  if (processor.kind !== "rules")
    throw new Problem("invalid-request", `${name} is code; only processors that were declared over HTTP have steps to show`);
  return context.json(await preview(store, processor, event));
}

function streamProblem(stream: string): string | undefined {
  const slash = stream.indexOf("/");
  if (slash < 0 || !NAME.test(stream.slice(0, slash))) return "a stream is `category/id`";
  return streamIdProblem(stream.slice(slash + 1));
}

async function preview(store: Store, rules: Rules, given: z.output<typeof PreviewOf>["event"]) {
  const head = await store.log.head();
  const event = typeof given === "number" ? await loggedAt(store, rules, given, head) : recordedOf(given, head);
  const why = event ? whyPassed(rules, event) : "the event was erased: there is nothing left to process";
  const shown = event ?? { position: given };
  if (!event || why !== undefined) return { processor: rules.name, event: shown, outcome: "passed", why, steps: [], emits: [] };
  const steps: object[] = [];
  const joined = new Map<string, FoundAt>();
  const trace = (traced: Traced, data: JsonObject) => {
    const { position, exact } = joined.get(traced.path) ?? {};
    steps.push({ ...traced, ...(position === undefined ? {} : { asOf: position, exact }), data });
  };
  const targets = await targetsOf(store, rules);
  try {
    const running = run(rules, event, (name) => targets.get(name), trace);
    let result = running.next();
    while (!result.done) {
      const found = await find(store, event, head, result.value);
      joined.set(result.value.join.path, found);
      result = running.next(found.found);
    }
    return { processor: rules.name, event, outcome: "done", steps, emits: result.value.map(emitted) };
  } catch (error) {
    if (!(error instanceof StepMistake)) throw error;
    const { path, problem, refused } = error;
    return {
      processor: rules.name,
      event,
      outcome: "failed",
      steps,
      error: { path, message: problem },
      emits: refused ? [notTaken(path, refused, problem)] : [],
    };
  }
}

/** What the view's own handlers throw is shown at the join. */
async function find(store: Store, event: RecordedEvent, head: number, lookup: Lookup): Promise<FoundAt> {
  try {
    return await findFor(store, event, head, lookup);
  } catch (error) {
    throw new StepMistake(`${lookup.join.path}.join`, messageOf(thrown(error)));
  }
}

function emitted({ path, stream, id, type, data, schemaVersion }: Emission) {
  return {
    path,
    to: categoryOf(stream),
    stream,
    id,
    type,
    data: JSON.parse(data) as object,
    schemaVersion,
    accepted: true,
  };
}

function notTaken(path: string, { to, type, data }: Refused, problem: string) {
  return { path, to, type, data, accepted: false, problem };
}

/** The event at a position, as the processor gets it; undefined: it was erased. */
async function loggedAt(store: Store, { sources }: Rules, position: number, head: number): Promise<RecordedEvent | undefined> {
  requireWithin("event", position, head);
  const { events } = await store.log.read({ after: position - 1, to: position, limit: 1 });
  const [logged] = events;
  if (!logged || logged.erased) return undefined;
  const event = liftFor(sources, logged);
  const problem = liftError(event);
  if (problem) throw new Problem("invalid-request", messageOf(thrown(problem)));
  return toRecorded(event);
}

/** As if it came next. */
function recordedOf(given: z.output<typeof PreviewEvent>, head: number): RecordedEvent {
  const { id = newId(), version = 1, position = head + 1, recordedAt = new Date().toISOString(), time = recordedAt, meta, ...rest } = given;
  return { id, version, position, recordedAt, time, meta: meta as JsonObject, ...rest };
}
