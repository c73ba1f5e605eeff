/** Sourcery's streams: categories of facts, each in the stream of its `id`. */

import { Hono } from "hono";
import { APPEND_BYTES } from "../../core/limits.ts";
import { streamIdProblem } from "../../core/names.ts";
import { type Definition, readDefinition } from "../../definitions/over-http/category.ts";
import type { Asked } from "../../operations/check-definition.ts";
import { declare, tryDeclaring } from "../../operations/declare.ts";
import type { PlainCategory } from "../../store/plain-category.ts";
import type { AppendEvent } from "../../store/stream-protocol.ts";
import type { Store } from "../../store/store.ts";
import { JsonObject } from "../append.ts";
import { jsonBody } from "../body.ts";
import { declareCategory } from "../categories.ts";
import { exportedCategories } from "../definition-lines.ts";
import { problemOf } from "../definitions.ts";
import { DEFINITION_BYTES } from "../limits.ts";
import { Problem } from "../problem.ts";
import { type HttpContext, type HttpEnv, checked, idempotencyKeyOf, storeOf } from "../request.ts";
import { categoryToDeclare, plainCategoryOf, retiredCategory } from "../resolve-category.ts";
import { append, streamIdOfFact } from "../streams.ts";
import { answering, apiIdOf } from "./answers.ts";
import { requireRoom } from "./declared.ts";
import { objectIn, refuse, requireKnown } from "./refuse.ts";
import { RECORD_ID, categoryOf, fieldsOf } from "./schema.ts";
import { streamNameIn } from "./steps.ts";

export function sourceryStreams() {
  const routes = new Hono<HttpEnv>();

  routes.get(
    "/",
    answering(async (context) => {
      const streams: ApiStream[] = [];
      for await (const stream of allStreams(storeOf(context))) if (!stream.retired) streams.push(stream);
      return context.json(streams.map(shown));
    }),
  );

  routes.post("/", answering(create));

  routes.get(
    "/:category",
    answering(async (context) => context.json(shown(await streamOf(context)))),
  );

  routes.post("/:category", answering(addRecord));

  routes.delete(
    "/:category",
    answering(async (context) => {
      const { name } = await streamOf(context);
      await storeOf(context).catalog.retire(name);
      return context.json({ id: apiIdOf("stream", name), name, deleted: true });
    }),
  );

  return routes;
}

async function create(context: HttpContext): Promise<Response> {
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  const body = objectIn(value, "", "an object with name and schema");
  requireKnown(body, ["name", "schema", "viewable"]);
  const name = categoryToDeclare(context, streamNameIn(body.name, "name"));
  const { viewable = false } = body;
  if (typeof viewable !== "boolean") refuse("viewable", "must be true or false");
  const declaration = categoryOf(body.schema);
  const store = storeOf(context);
  const entry = await store.catalog.lookUp(name, 0);
  if (entry?.status === "retired") throw retiredCategory(name);
  if (entry?.status === "declared") throw nameInUse(name);
  const view = { kind: "view", name: basicViewOf(name), body: { from: name } } as const;
  const other = viewable ? await store.definitions.kindOf(view.name) : undefined;
  if (other !== undefined) refuse("viewable", `the ${other} ${view.name} has the name of the view that it would make`);
  if (viewable) await requirePossible(context, view);
  const { definition, answer } = await declareCategory(context, name, declaration);
  if (answer.outcome !== "created") throw nameInUse(name);
  if (viewable) {
    const made = await declare(store, context.env, view);
    if (!("revision" in made)) throw problemOf("view", view.name, made);
  }
  const stream = shown({ name, definition });
  return context.json(stream, 201, { location: `${new URL(context.req.url).pathname}/${stream.id}` });
}

/** Before the stream is made, which would stay without its view. @throws {Problem} when the view will be refused */
async function requirePossible(context: HttpContext, view: Asked): Promise<void> {
  const store = storeOf(context);
  const answer = await tryDeclaring(store, context.env, view);
  if ("revision" in answer) return;
  // What the view shows does not exist yet. The rest is the catalog's to say.
  if (answer.outcome !== "unknown-category") throw problemOf(view.kind, view.name, answer);
  await requireRoom(store, view);
}

function nameInUse(name: string): Problem {
  return new Problem("invalid-request", `there is a stream ${name} already`, { reason: "name-in-use", id: apiIdOf("stream", name) });
}

/** The view that `viewable` makes. */
export function basicViewOf(stream: string): string {
  return `${stream}-view`;
}

async function addRecord(context: HttpContext): Promise<Response> {
  const param = context.req.param("category") ?? "";
  const name = (await storeOf(context).definitions.category(param)) ? param : (await findStream(storeOf(context), param))?.name;
  if (name === undefined) throw unknownStream(param);
  const category = await plainCategoryOf(context, name);
  const { factType } = category;
  if (factType === undefined) refuse("", `${name} was declared with types of events: it takes no records`);
  const { value } = await jsonBody(context, APPEND_BYTES);
  const fact = { type: factType, data: checked(JsonObject, value, "the record is not valid"), meta: {}, at: "" };
  const idOf = ([event]: readonly AppendEvent[]) =>
    streamIdOfRecord(category, fact.data) ?? streamIdOfFact(category, fact, event as AppendEvent, idempotencyKeyOf(context));
  return append(context, category, [fact], idOf);
}

/** The record's own id, where no schema names it. */
function streamIdOfRecord({ key }: PlainCategory, data: Readonly<Record<string, unknown>>): string | undefined {
  const id = Object.hasOwn(data, RECORD_ID) ? data[RECORD_ID] : undefined;
  if (key !== undefined || (typeof id !== "string" && typeof id !== "number")) return undefined;
  const problem = streamIdProblem(String(id));
  if (problem !== undefined) refuse(RECORD_ID, problem);
  return String(id);
}

interface ApiStream {
  readonly name: string;
  readonly definition: Pick<Definition, "events">;
  readonly retired?: boolean;
}

function shown({ name, definition }: ApiStream) {
  return { id: apiIdOf("stream", name), name, schema: fieldsOf(name, definition) };
}

/** The stream that the path names, by its id or its name. @throws {Problem} when there is none, or none any more */
async function streamOf(context: HttpContext): Promise<ApiStream> {
  const param = context.req.param("category") ?? "";
  const found = await findStream(storeOf(context), param);
  if (!found) throw unknownStream(param);
  if (found.retired) throw retiredCategory(found.name);
  return found;
}

function unknownStream(name: string): Problem {
  return new Problem("unknown-category", `unknown stream ${name}; GET /api/streams lists the streams`);
}

async function findStream(store: Store, asked: string): Promise<ApiStream | undefined> {
  for await (const stream of allStreams(store)) if (stream.name === asked || apiIdOf("stream", stream.name) === asked) return stream;
  return undefined;
}

/** The categories that were declared over HTTP, retired ones included. Those of the code are none of Sourcery's streams. */
async function* allStreams({ catalog, definitions }: Store): AsyncGenerator<ApiStream> {
  for await (const { name, definition, retired } of exportedCategories(catalog))
    if (!definitions.inCode.category(name)) yield { name, definition: readDefinition(name, definition), retired };
}

/** Makes the streams that do not exist yet, without a schema. */
export async function makeStreams(context: HttpContext, names: readonly string[]): Promise<void> {
  for (const name of names) await declareCategory(context, categoryToDeclare(context, name), {});
}
