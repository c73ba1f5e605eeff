/** What a processor would do with an event, step by step: an event of the log, or one that was never written. Nothing is stored. */

import * as z from "zod";
import { type JsonObject, type LoggedEvent, type RecordedEvent, categoryOf, toRecorded } from "../core/event.ts";
import { PORTION_CALLS } from "../core/limits.ts";
import { messageOf } from "../core/mistake.ts";
import { NAME } from "../core/names.ts";
import { thrown } from "../core/platform-errors.ts";
import { processorFrom } from "../definitions/over-http/processor.ts";
import { ownFilterOf } from "../definitions/processors/filter.ts";
import type { Rules } from "../definitions/processors/rules.ts";
import { type Lookup, type Traced, run, whyPassed } from "../definitions/processors/rules-run.ts";
import { type Refused, StepMistake } from "../definitions/processors/rules-values.ts";
import type { Emission } from "../definitions/processors/rules-emit.ts";
import { liftFor, problemFor } from "../definitions/upcast.ts";
import { undeclaredProcessor } from "../operations/check-definition.ts";
import { targetsOf } from "../processors/rules-consumer.ts";
import type { Store } from "../store/store.ts";
import { jsonBody } from "./body.ts";
import { problemOfPreview, unknownProcessor } from "./definitions.ts";
import { DEFINITION_BYTES, PREVIEW_EACH, PREVIEW_MS } from "./limits.ts";
import { EVENT_FORMS, GivenEvent, latestFor, loggedAt, recordedOf } from "./preview-events.ts";
import { type FoundAt, findFor } from "./preview-joins.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, checked, storeOf } from "./request.ts";

/** Either an event, or several of the latest. */
export const PreviewOf = z.strictObject({
  event: GivenEvent.optional(),
  last: z
    .int()
    .min(1)
    .max(PREVIEW_EACH)
    .optional()
    .describe("Instead of `event`: how many of the latest events of the log that the processor follows."),
});
export const PreviewIn = PreviewOf.extend({
  /** What its ids derive from. */
  name: z.string().regex(NAME).default("preview"),
  definition: z.unknown(),
});

/** `POST /processors/preview` */
export async function previewDefinition(context: HttpContext): Promise<Response> {
  const store = storeOf(context).counting();
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  const { name, definition, ...asked } = checked(PreviewIn, value, "the preview is not valid");
  const found = await undeclaredProcessor(store, name, definition);
  if ("outcome" in found) throw problemOfPreview("processor", name, found);
  return context.json(await previews(store, processorFrom(name, found.definition, found.around, 0), asked));
}

/** `POST /processors/{name}/preview` */
export async function previewProcessor(context: HttpContext): Promise<Response> {
  const store = storeOf(context).counting();
  const name = context.req.param("name") ?? "";
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  const asked = checked(PreviewOf, value, "the preview is not valid");
  const processor = await store.definitions.processor(name);
  if (!processor) throw unknownProcessor(name);
  if (processor.kind !== "rules")
    throw new Problem("invalid-request", `${name} is code; only processors that were declared over HTTP have steps to show`);
  return context.json(await previews(store, processor, asked));
}

/** Of one event; or of the latest, the latest first, as many as fit into the time that a person waits. */
async function previews(store: Store, rules: Rules, { event, last }: z.output<typeof PreviewOf>): Promise<object> {
  if ((event === undefined) === (last === undefined)) {
    const message = `give either \`event\`, which is ${EVENT_FORMS}, or \`last\``;
    throw new Problem("invalid-request", `the preview is not valid: ${message}`, { issues: [{ path: "event", message }] });
  }
  const head = await store.log.head();
  if (typeof event === "number") return previewLogged(store, rules, await loggedAt(store, event, head), head);
  if (event) return preview(store, rules, recordedOf(event, head), head + 1, head);
  // Asked for once, and only where an event gets as far as its steps.
  let targets: Targets | undefined;
  const targetsOnce = () => (targets ??= targetsOf(store, rules));
  const { events, scannedTo } = await latestFor(store, ownFilterOf(rules), last ?? 1);
  const until = Date.now() + PREVIEW_MS;
  const done: object[] = [];
  for (const logged of events) {
    const hasRoom = Date.now() < until && store.budget?.fits(PORTION_CALLS) !== false;
    if (done.length > 0 && !hasRoom) break;
    done.push(await previewLogged(store, rules, logged, head, targetsOnce));
  }
  return { processor: rules.name, previews: done, left: events.length - done.length, from: scannedTo, to: head };
}

type Targets = ReturnType<typeof targetsOf>;

/** What the processor would do with an event of the log. One that this code cannot lift fails, as it would fail the processor. */
async function previewLogged(store: Store, rules: Rules, logged: LoggedEvent, head: number, targetsOnce?: () => Targets): Promise<object> {
  const { position, erased } = logged;
  const lifted = liftFor(rules.followed, logged);
  const problem = problemFor(rules.followed, lifted);
  if (!problem) return preview(store, rules, erased ? undefined : toRecorded(lifted), position, head, targetsOnce);
  const error = { path: "", message: messageOf(thrown(problem)) };
  return { processor: rules.name, event: { position }, outcome: "failed", steps: [], error, emits: [] };
}

/** @param event undefined: it was erased */
async function preview(
  store: Store,
  rules: Rules,
  event: RecordedEvent | undefined,
  position: number,
  head: number,
  targetsOnce: () => Targets = () => targetsOf(store, rules),
): Promise<object> {
  const why = event ? whyPassed(rules, event) : "the event was erased: there is nothing left to process";
  const shown = event ?? { position };
  if (!event || why !== undefined) return { processor: rules.name, event: shown, outcome: "passed", why, steps: [], emits: [] };
  const steps: object[] = [];
  const joined = new Map<string, FoundAt>();
  const trace = (traced: Traced, data: JsonObject) => {
    const { position: asOf, exact } = joined.get(traced.path) ?? {};
    steps.push({ ...traced, ...(asOf === undefined ? {} : { asOf, exact }), data });
  };
  const targets = await targetsOnce();
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
    const { path, problem, refused, at } = error;
    const failed = { path, message: problem, at };
    const emits = refused ? [notTaken(path, refused, problem)] : [];
    return { processor: rules.name, event, outcome: "failed", steps, error: failed, emits };
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
