/** Sources: what brings data in from outside, declared in code or over HTTP, and what an operator can do about each. */

import { Hono } from "hono";
import * as z from "zod";
import { reportSource } from "../definitions/report.ts";
import { type SourceDefinition, whyNotFollowed } from "../definitions/over-http/source.ts";
import { type ReportedSource, deleteSource, reportSources } from "../operations/source-reports.ts";
import { SOURCE_ACTIONS, type SourceProgress } from "../store/source-protocol.ts";
import type { Source } from "../definitions/sources/source.ts";
import { claimQueue } from "../operations/source-queues.ts";
import type { DeclaredDefinition } from "../store/ready-definitions.ts";
import type { Store } from "../store/store.ts";
import { optionalJsonBody } from "./body.ts";
import { aboutDefinition, problemOf, putDefinition, queueInUse, unknownSource } from "./definitions.ts";
import { DEFINITION_BYTES, SOURCE_POSITION_CHARACTERS } from "./limits.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, type HttpEnv, checked, storeOf } from "./request.ts";
import { previewSource } from "./source-preview.ts";

/** The body of `skip`. */
export const SkipIn = z.strictObject({
  change: z
    .string()
    .min(1)
    .max(SOURCE_POSITION_CHARACTERS)
    .describe("The position of the change that the source fails at: `lastError.change`."),
});

export function sourceRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", async (context) => context.json({ sources: await shown(storeOf(context).counting()) }));

  routes.get("/:name", async (context) => context.json(await shownOne(storeOf(context), context.req.param("name"))));

  routes.put("/:name", async (context) =>
    putDefinition(context, "source", context.req.param("name"), (name) => shownOne(storeOf(context), name)),
  );

  routes.delete("/:name", async (context) => remove(context, context.req.param("name")));

  routes.post("/preview", previewSource);

  for (const action of SOURCE_ACTIONS) {
    routes.post(`/:name/${action}`, async (context) => {
      const store = storeOf(context);
      const name = context.req.param("name");
      const body = await optionalJsonBody(context, DEFINITION_BYTES);
      const what = `the body of \`${action}\` is not valid`;
      const change = action === "skip" ? checked(SkipIn, body, what).change : undefined;
      if (action !== "skip") checked(NothingIn, body, what);
      // So that no object is made for an unknown source.
      const declared = await store.definitions.source(name);
      if (declared && action === "resume") await requireQueue(context, declared);
      const answer = declared && (await store.source(name).control(action, change));
      if (!answer) throw unknownSource(name);
      if ("detail" in answer) throw new Problem("action-not-possible", `${name} cannot ${action}: ${answer.detail}`);
      return context.json(await shownOne(store, name, answer));
    });
  }

  return routes;
}

/** One that an import has declared has not claimed its queue. */
async function requireQueue(context: HttpContext, { name, outside: { kind, settings } }: Source): Promise<void> {
  if (!kind.isBrought || storeOf(context).definitions.inCode.source(name, storeOf(context).name)) return;
  const taken = await claimQueue(storeOf(context), context.env, name, kind.queueOf(settings));
  if (taken) throw queueInUse(taken);
}

const NothingIn = z.strictObject({});

async function shownOne(store: Store, name: string, progress?: SourceProgress) {
  const [found] = await shown(store, name, progress);
  if (!found) throw unknownSource(name);
  return found;
}

/**
 * Those in code first. What the code shadows comes last, and does not work.
 *
 * @param known how far the only one is, if that is known
 */
async function shown(given: Store, only?: string, known?: SourceProgress) {
  const store = given.remembering();
  const isWanted = (name: string) => only === undefined || only === name;
  const [{ all }, inForce] = await Promise.all([store.definitions.overHttp(), reportSources(store, isWanted, known)]);
  const shadowed = all.filter(({ kind, name }) => kind === "source" && isWanted(name) && store.definitions.isShadowed(name));
  return [...inForce.map((one) => shownAs(store, one)), ...shadowed.map(shownShadowed)];
}

function shownAs({ definitions }: Store, { source, origin, declared, progress }: ReportedSource) {
  const definition = declared && (JSON.parse(declared.definition) as SourceDefinition);
  const why = definition && whyNotFollowed(definition, definitions.inCode.sourceKinds);
  const problem = why ?? (progress ? undefined : "its object has not answered how far it is");
  const { name: _name, ...about } = progress ?? {};
  return {
    ...reportSource(source),
    origin,
    ...(declared ? aboutDefinition(declared) : {}),
    ...(problem === undefined ? {} : { problem }),
    ...about,
  };
}

function shownShadowed(one: DeclaredDefinition) {
  const { kind, to } = JSON.parse(one.definition) as SourceDefinition;
  return { name: one.name, kind, to, origin: "api", shadowed: true, ...aboutDefinition(one) };
}

async function remove(context: HttpContext, name: string): Promise<Response> {
  const store = storeOf(context);
  if (store.definitions.inCode.source(name, store.name)) throw problemOf("source", name, { outcome: "in-code", kind: "source", name });
  const answer = await deleteSource(store, context.env, name);
  if (answer.outcome !== "removed") throw problemOf("source", name, answer);
  return answer.left === undefined ? context.body(null, 204) : context.json({ left: answer.left });
}
