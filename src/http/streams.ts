/** The routes of streams: facts in, events out, and the end of a stream. */

import { Hono } from "hono";
import * as z from "zod";
import { streamIdOf } from "../core/event.ts";
import { derivedId, newId } from "../core/ids.ts";
import { NAME, streamIdProblem } from "../core/names.ts";
import type { AppendEvent, Written } from "../store/stream-protocol.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import type { Expected } from "../core/expected.ts";
import { problemOf, writeHeaders } from "./answers.ts";
import { expectedOf } from "./conditions.ts";
import { type IncomingEvent, asSent, fingerprintOf, incomingEvents, incomingFact, toAppend } from "./append.ts";
import { plainCategoryOf, readableCategoryOf, unknownCategory } from "./resolve-category.ts";
import { Problem } from "./problem.ts";
import { Flag, type HttpEnv, type HttpContext, idempotencyKeyOf, queryOf, streamIdOfPath, traceOf, waitMsOf } from "./request.ts";
import { json } from "./response.ts";
import { writableStreamOf } from "./writable-stream.ts";
import { readStream, unknownStream } from "./stream-reads.ts";

export const DeleteQuery = z.object({ erase: Flag, force: Flag });

export function streamRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.post("/:category", async (context) => {
    const category = await plainCategoryOf(context);
    const fact = await incomingFact(context, category);
    const idOf = ([event]: readonly AppendEvent[]) => streamIdOfFact(category, fact, event as AppendEvent, idempotencyKeyOf(context));
    return append(context, category, [fact], idOf, (id) => ({
      location: `${new URL(context.req.url).pathname}/${encodeURIComponent(id)}`,
    }));
  });

  routes.post("/:category/:id", async (context) => {
    const category = await plainCategoryOf(context);
    const id = streamIdOfPath(context);
    return append(context, category, await incomingEvents(context), () => id);
  });

  routes.get("/:category/:id", async (context) => {
    const name = await readableCategoryOf(context);
    return readStream(context, name, streamIdOfPath(context));
  });

  routes.delete("/:category/:id", async (context) => {
    const { erase, force } = queryOf(context, DeleteQuery);
    // The catalog is not asked: what must be erased can be erased, even in a category that was retired.
    const category = context.req.param("category");
    if (!NAME.test(category)) throw unknownCategory(category);
    const stream = `${category}/${streamIdOfPath(context)}`;
    const answer = await writableStreamOf(context, category, streamIdOf(stream)).remove({
      erase,
      force,
      expected: expectedOf(context),
      waitMs: waitMsOf(context),
      trace: traceOf(context),
    });
    if (answer.outcome === "unknown") throw unknownStream(stream);
    if (answer.outcome === "unfinished") {
      const { detail, steps } = answer;
      const stays = steps.length === 0 ? "" : `, and nothing would undo ${steps.join(", ")}`;
      throw new Problem("saga-in-progress", `${detail}${stays}; \`?force=true\` deletes it all the same`, { steps });
    }
    if (answer.outcome !== "written") throw problemOf(answer);
    return writtenAnswer(stream, answer, 200);
  });

  return routes;
}

/** Stores the events, in the stream whose id they may name themselves. */
export async function append(
  context: HttpContext,
  category: PlainCategory,
  incoming: readonly IncomingEvent[],
  idOf: (events: readonly AppendEvent[]) => string,
  headersOf: (id: string) => Record<string, string> = () => ({}),
): Promise<Response> {
  const idempotencyKey = idempotencyKeyOf(context);
  const isNamed = idempotencyKey !== undefined || incoming.some(({ id }) => id !== undefined);
  const expected = expectedOf(context);
  const send = async (events: readonly AppendEvent[], under: Expected) => {
    const id = idOf(events);
    const stream = `${category.name}/${id}`;
    const answer = await writableStreamOf(context, category.name, id).append({
      events,
      idempotencyKey,
      ...(isNamed ? { fingerprint: fingerprintOf(incoming) } : {}),
      expected: under,
      waitMs: waitMsOf(context),
    });
    if (answer.outcome !== "written") throw problemOf(answer);
    return writtenAnswer(stream, answer, 201, headersOf(id));
  };
  let events: readonly AppendEvent[];
  try {
    events = toAppend(context, category, incoming);
  } catch (error) {
    // What does not fit today's schema may have fitted an earlier one, and be stored: a repeat of it is still a repeat.
    if (!isNamed) throw error;
    return await send(asSent(incoming), NOT_TO_BE_STORED).catch((other: unknown) => {
      throw other instanceof Problem && other.code !== "idempotency-conflict" ? error : other;
    });
  }
  return send(events, expected);
}

/** No stream has this version; but a repeat is recognised before conditions are checked. */
const NOT_TO_BE_STORED: Expected = { kind: "version", version: -1 };

function writtenAnswer(stream: string, answer: Written, status: 200 | 201, headers: Record<string, string> = {}) {
  const { version, position, events } = answer;
  return json({ stream, version, position, events }, status, { ...headers, ...writeHeaders(answer) });
}

/**
 * The stream that a fact without an id of its own goes to: the value of its key as it is stored, which the schema may have changed; else a
 * new stream. The id of a new stream is derived from the client's own key or event id, if it sent one, so that a repeat finds the first
 * (promise 8).
 */
export function streamIdOfFact(
  { name, key }: PlainCategory,
  { id, at }: IncomingEvent,
  event: AppendEvent,
  idempotencyKey: string | undefined,
): string {
  if (key === undefined) {
    if (idempotencyKey !== undefined) return derivedId("fact", name, "key", idempotencyKey);
    return id === undefined ? newId() : derivedId("fact", name, "id", id);
  }
  const data = JSON.parse(event.data) as Record<string, unknown>; // `toAppend` accepts nothing else
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  const isNamed = typeof value === "string" || typeof value === "number";
  const problem = isNamed ? streamIdProblem(String(value)) : "must be a string or a number";
  if (problem === undefined) return String(value);
  throw new Problem("invalid-event", `${key} names the stream in ${name}: ${problem}`, {
    issues: [{ path: at === "" ? key : `${at}.${key}`, message: problem }],
  });
}
