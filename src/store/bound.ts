/**
 * The namespaces of objects that a deployment has no binding for: the platform gives every worker those of the classes that it exports
 * (`ctx.exports`). So the five bindings are optional, and the classes need their names.
 */

import type { DeploymentEnv, HeadspringEnv, ObjectBinding } from "./env.ts";

/** The class of each binding for objects. */
export const CLASSES: Readonly<Record<ObjectBinding, string>> = {
  STREAMS: "StreamObject",
  LOGS: "LogObject",
  WEBHOOKS: "WebhookObject",
  CATALOGS: "CatalogObject",
  SOURCES: "SourceObject",
};
const BINDINGS = Object.keys(CLASSES) as ObjectBinding[];

/** What the platform gives with each event and to each object. Absent: a compatibility date before 2025-11-17. */
interface Exporting {
  readonly exports?: object;
}

/** Environments that were completed: the platform gives the same one to every event. */
const completed = new WeakMap<object, HeadspringEnv>();

/** The environment with all namespaces of objects. Where it has all of them, it is what it was. */
export function boundEnv(env: DeploymentEnv, context: Exporting): HeadspringEnv {
  if (hasAll(env)) return env;
  const known = completed.get(env);
  if (known) return known;
  const exported = context.exports as Readonly<Record<string, unknown>> | undefined;
  const missing = BINDINGS.filter((binding) => env[binding] === undefined);
  const namespaces = missing.map((binding) => [binding, { value: exported?.[CLASSES[binding]], enumerable: true }]);
  const bound = Object.create(env, Object.fromEntries(namespaces)) as HeadspringEnv;
  completed.set(env, bound);
  return bound;
}

function hasAll(env: DeploymentEnv): env is HeadspringEnv {
  return BINDINGS.every((binding) => env[binding] !== undefined);
}
