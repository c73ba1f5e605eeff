/**
 * One run of an effect's handler: its key, its requests, its time limit, and the outcomes it may give. Pure, so that tests run it as the
 * engine does.
 */

import { within } from "../core/within.ts";
import { type DataSchema, type NewEvent, type RecordedEvent, TRACE } from "../core/event.ts";
import { derivedId } from "../core/ids.ts";
import { EFFECT_RESPONSE_BYTES } from "./limits.ts";
import { partOf } from "../core/misfit.ts";
import { streamIdProblem } from "../core/names.ts";
import type { Effect, EffectContext, Outcome } from "../definitions/processors/effect.ts";
import { hopsProblem } from "../definitions/processors/loops.ts";

/** What a run of an effect needs from the engine. */
export interface World {
  readonly fetch: (request: Request) => Promise<Response> | Response;
  /** The deployment's variables and secrets. */
  readonly variables: object;
  /** An earlier run has already made a call. */
  readonly repeated: boolean;
  /** Notes that the effect is about to make a call. */
  readonly announce: () => Promise<void>;
}

/** Methods that change nothing by their definition (RFC 9110, 9.2.1): repeating them needs no key. */
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** The key that a service gets with the effect's requests for one event. */
export function keyOf(effect: Effect, event: RecordedEvent, call?: string): string {
  return derivedId(effect.name, event.stream, event.id, "key", ...(call === undefined ? [] : [call]));
}

/**
 * The stream that records the outcome of an event: `category/id`.
 *
 * @throws when no stream can have that name, or too many reactions in a row have led to the event
 */
export function recordOf(effect: Effect, event: RecordedEvent): string {
  const id = effect.streamOf(event);
  const problem = streamIdProblem(id);
  const reason = problem === undefined ? hopsProblem(effect, event) : `on the stream "${id}", but ${problem}`;
  if (reason) throw new Error(`effect "${effect.name}" acts on ${event.type} (${event.stream}, version ${event.version}) ${reason}`);
  return `${effect.records.name}/${id}`;
}

/** The event that records an outcome, with its schema; undefined: there is nothing to record. */
export function recordable(effect: Effect, outcome: Outcome<Record<string, DataSchema>>): (NewEvent & { schema: DataSchema }) | undefined {
  partOf(`a handler of effect \`${effect.name}\``, outcome, ["event", "nothing"]);
  if (outcome.kind === "nothing") return undefined;
  const { name, events } = effect.records;
  const schema = Object.hasOwn(events, outcome.type) ? events[outcome.type] : undefined;
  if (!schema)
    throw new Error(`effect "${effect.name}" records ${outcome.type}, which "${name}" does not have (${Object.keys(events).join(", ")})`);
  return { ...outcome, schema };
}

/**
 * Runs the handler.
 *
 * @throws what the handler throws, and an error when its time is over
 */
export async function callOut(effect: Effect, event: RecordedEvent, world: World): Promise<Outcome<Record<string, DataSchema>>> {
  const handler = effect.handlers.get(event.type);
  if (!handler) return { kind: "nothing" };
  const ended = new AbortController();
  const tooLate = () => {
    const error = new Error(`effect "${effect.name}" took more than ${effect.timeoutMs} ms for ${event.type} (${event.stream})`);
    ended.abort(error);
    throw error;
  };
  try {
    return await within(effect.timeoutMs, Promise.resolve(handler(event, contextOf(effect, event, world, ended.signal))), tooLate);
  } finally {
    ended.abort(new Error(`effect "${effect.name}" has ended`)); // nothing continues after its end
  }
}

function contextOf(effect: Effect, event: RecordedEvent, world: World, signal: AbortSignal): EffectContext {
  const key = keyOf(effect, event);
  let keyUsed = false;
  let announced: Promise<void> | undefined;
  return {
    key,
    keyFor: (call) => keyOf(effect, event, call),
    signal,
    repeated: world.repeated,
    variable(name) {
      const value = (world.variables as Record<string, unknown>)[name];
      if (typeof value !== "string" || value === "")
        throw new Error(`effect "${effect.name}" needs the variable ${name}, which is not set`);
      return value;
    },
    async fetch(input, init) {
      const own = init?.signal ?? (input instanceof Request ? input.signal : undefined);
      const request = new Request(input, { ...init, signal: own ? AbortSignal.any([signal, own]) : signal });
      if (!SAFE_METHODS.has(request.method) && !request.headers.has("idempotency-key")) {
        if (keyUsed) {
          throw new TypeError(
            `effect "${effect.name}" sends a second request without a key of its own, which the receiver may mistake for a repeat of the first. ` +
              `Give it the header "Idempotency-Key": \`key\` when it is one, else \`keyFor("…")\``,
          );
        }
        keyUsed = true;
        request.headers.set("idempotency-key", key);
      }
      // The service may continue the trace that led here. A handler that sets a trace of its own keeps it.
      const trace = event[TRACE];
      if (trace !== undefined && !request.headers.has("traceparent")) request.headers.set("traceparent", trace);
      announced ??= world.announce();
      // If it failed, a handler that makes another request tries again.
      announced.catch(() => (announced = undefined));
      await announced;
      signal.throwIfAborted();
      return bounded(await world.fetch(request));
    },
  };
}

/** The response, with a body that ends with an error when it is too long. */
function bounded(response: Response): Response {
  if (!response.body) return response;
  let bytes = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > EFFECT_RESPONSE_BYTES) controller.error(new Error(`the response has more than ${EFFECT_RESPONSE_BYTES} bytes`));
      else controller.enqueue(chunk);
    },
  });
  return asFetched(new Response(response.body.pipeThrough(limit), response), response);
}

/** A response that is made from another one loses its `url` and `redirected`, which only `fetch` can set. */
function asFetched(made: Response, { url, redirected }: Pick<Response, "url" | "redirected">): Response {
  const clone = made.clone.bind(made);
  return Object.defineProperties(made, {
    url: { value: url },
    redirected: { value: redirected },
    clone: { value: () => asFetched(clone(), { url, redirected }) },
  });
}
