/** Processors: those in code, and those that are declared over HTTP. */

import { Hono } from "hono";
import { reportProcessor } from "../definitions/report.ts";
import { reportConsumers } from "../operations/report.ts";
import type { Store } from "../store/store.ts";
import { aboutDefinition, deleteDefinition, putDefinition, unknownProcessor } from "./definitions.ts";
import { previewDefinition, previewProcessor } from "./processor-preview.ts";
import { type HttpEnv, storeOf } from "./request.ts";

export function processorRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", async (context) => context.json({ processors: await shown(storeOf(context)) }));

  routes.get("/:name", async (context) => context.json(await shownOne(storeOf(context), context.req.param("name"))));

  routes.put("/:name", async (context) =>
    putDefinition(context, "processor", context.req.param("name"), (name) => shownOne(storeOf(context), name)),
  );

  routes.delete("/:name", async (context) => deleteDefinition(context, "processor", context.req.param("name")));

  routes.post("/preview", previewDefinition);

  routes.post("/:name/preview", previewProcessor);

  return routes;
}

async function shownOne(store: Store, name: string) {
  const [processor] = await shown(store, (one) => one === name);
  if (!processor) throw unknownProcessor(name);
  return processor;
}

/** Those in code first. What the code shadows comes last, without a position. */
async function shown(given: Store, only = (_name: string) => true) {
  const store = given.remembering();
  const { definitions } = store;
  const [{ all }, processors] = await Promise.all([definitions.overHttp(), definitions.processors()]);
  const wanted = processors.filter(({ name }) => only(name));
  const reports = wanted.length > 0 ? await reportConsumers(store, (name) => wanted.some((one) => one.name === name)) : [];
  const inForce = wanted.map((processor) => {
    const { position, status } = reports.find(({ name }) => name === processor.name) ?? {};
    const declared = all.find(({ name }) => name === processor.name && !definitions.isShadowed(name));
    return { ...reportProcessor(processor), position, status, ...(declared ? { ...aboutDefinition(declared), origin: "api" } : {}) };
  });
  const others = all.filter(
    ({ kind, name, processor }) => kind === "processor" && only(name) && (!processor || definitions.isShadowed(name)),
  );
  return [
    ...inForce,
    ...others.map((one) => ({ name: one.name, kind: "rules", origin: "api", ...stateOf(store, one.name), ...aboutDefinition(one) })),
  ];
}

function stateOf({ definitions }: Store, name: string) {
  return definitions.isShadowed(name) ? { shadowed: true } : {};
}
