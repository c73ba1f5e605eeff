/** Sourcery's processors. */

import { Hono } from "hono";
import { newId } from "../../core/ids.ts";
import { type ProcessorDefinition, checkProcessor, namesIn, parseProcessor } from "../../definitions/over-http/processor.ts";
import type { CategoryShape } from "../../definitions/over-http/surroundings.ts";
import { declare } from "../../operations/declare.ts";
import type { Store } from "../../store/store.ts";
import { jsonBody } from "../body.ts";
import { problemOf } from "../definitions.ts";
import { API_NAME_CHARACTERS, DEFINITION_BYTES } from "../limits.ts";
import { Problem } from "../problem.ts";
import { type HttpContext, type HttpEnv, idempotencyKeyOf, storeOf } from "../request.ts";
import { answering, apiIdOf } from "./answers.ts";
import { allDefinitions, definitionName, definitionOf, deleteDeclared, otherThan, requireRoom, shownDefinition } from "./declared.ts";
import { partsOf } from "./parts.ts";
import type { RecordForm } from "./record.ts";
import { objectIn, refuse, requireKnown, stringIn } from "./refuse.ts";
import { OPERATIONS, stepsOf, streamNameIn } from "./steps.ts";
import { makeStreams } from "./streams.ts";

export function sourceryProcessors() {
  const routes = new Hono<HttpEnv>();

  routes.get(
    "/",
    answering(async (context) => context.json((await allDefinitions(storeOf(context), "processor")).map(shownDefinition))),
  );

  routes.post("/", answering(create));

  routes.get(
    "/:processor",
    answering(async (context) =>
      context.json(shownDefinition(await definitionOf(context, "processor", context.req.param("processor") ?? ""))),
    ),
  );

  routes.delete(
    "/:processor",
    answering(async (context) => deleteDeclared(context, "processor", context.req.param("processor") ?? "")),
  );

  return routes;
}

async function create(context: HttpContext): Promise<Response> {
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  const body = objectIn(value, "", "an object with name and from");
  requireKnown(body, ["name", "from", "to", ...OPERATIONS]);
  const called = stringIn(body.name, "name", "a name");
  if (called.length > API_NAME_CHARACTERS) refuse("name", `a name has at most ${API_NAME_CHARACTERS} characters`);
  const from = streamNameIn(body.from, "from");
  const isBranching = body.branch !== undefined || body.split !== undefined;
  if (isBranching && body.to !== undefined) refuse("to", "a processor with `branch` or `split` names the streams there");
  const to = body.to === undefined ? called : streamNameIn(body.to, "to");

  const store = storeOf(context);
  const known = await knownOf(store, from);
  const translated = (categories: ReadonlyMap<string, CategoryShape>): ProcessorDefinition => ({
    description: called,
    from,
    steps: stepsOf(body, to, { from, ...known, keyOf: (stream) => categories.get(stream)?.key }),
  });
  // What it names is only known once it is translated, and decides how records are written.
  const { categories, joined } = namesIn(translated(new Map()));
  const around = await store.definitions.names(categories, joined);
  const definition = translated(around.categories);
  const name = definitionName(called, apiIdOf("processor", idempotencyKeyOf(context) ?? newId()));
  if (await otherThan(store, "processor", name, definition))
    throw new Problem("invalid-request", "the Idempotency-Key was used for another processor", { reason: "idempotency-conflict" });
  const exists = (one: string) => around.categories.has(one) || around.views.has(one);
  // What does not exist, or no more, is refused by the declaration itself.
  if ([from, ...joined].every(exists) && [...categories, ...joined].every((one) => !around.retired.has(one))) {
    const missing = categories.filter((one) => !exists(one));
    requireFitting(name, definition, { ...around, categories: withMade(around.categories, missing) });
    if (missing.length > 0) await requireRoom(store, { kind: "processor", name, body: definition });
    await makeStreams(context, missing);
  }

  const answer = await declare(store, context.env, { kind: "processor", name, body: definition });
  if (!("revision" in answer)) throw problemOf("processor", name, answer);
  const id = apiIdOf("processor", name, answer.incarnation);
  return context.json({ id, name: called, from }, 201, { location: `${new URL(context.req.url).pathname}/${id}` });
}

/** What is known of a stream's records. */
export async function knownOf(store: Store, stream: string): Promise<RecordForm> {
  const [{ categories }, processors] = await Promise.all([store.definitions.names([stream], []), allDefinitions(store, "processor")]);
  const shape = categories.get(stream);
  const isOpen = shape !== undefined && Object.keys(shape.events).length === 0;
  const parts = isOpen
    ? partsOf(
        stream,
        processors.map(({ definition }) => JSON.parse(definition) as ProcessorDefinition),
      )
    : undefined;
  return { isOpen, parts };
}

/** With the streams that will be made, before they are: none is made for a processor that is refused. */
function withMade(categories: ReadonlyMap<string, CategoryShape>, names: readonly string[]): ReadonlyMap<string, CategoryShape> {
  const made = names.map((name): [string, CategoryShape] => [
    name,
    { name, kind: "plain", strict: false, events: {}, factType: "Recorded", source: { name, events: {} } },
  ]);
  return new Map([...categories, ...made]);
}

function requireFitting(name: string, definition: ProcessorDefinition, around: Parameters<typeof checkProcessor>[2]): void {
  const parsed = parseProcessor(name, definition);
  const issues = "issues" in parsed ? parsed.issues : checkProcessor(name, parsed, around);
  if (issues.length > 0) throw problemOf("processor", name, { outcome: "issues", issues });
}
