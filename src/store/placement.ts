/**
 * Where a store lies: the jurisdiction that its objects and views must not leave, and the location near which its objects are made.
 *
 * Both are part of how an object is found, or of where it is made, so they are fixed before a store's first write and never change
 * (platform: in another jurisdiction the same name is another object). An environment is *placed* for a store: its bindings find the
 * store's objects where they are, {@link databaseIn} its databases, and no other code needs to know.
 */

import { JURISDICTIONS, type Jurisdiction, LOCATIONS, type Location, type Placement } from "../core/placement.ts";
import { boundEnv } from "./bound.ts";
import { type DeploymentEnv, type HeadspringEnv, type Objects, isLocal } from "./env.ts";

/** Bindings of objects, by what a store keeps there. */
export const OBJECT_BINDINGS = { streams: "STREAMS", log: "LOGS", webhooks: "WEBHOOKS", catalog: "CATALOGS", sources: "SOURCES" } as const;

/**
 * Where those stores of a deployment lie that were not placed explicitly: by the variables `JURISDICTION` and `LOCATION`.
 *
 * @throws {Error} when one of them has a value that the platform does not know
 */
export function placementOfDeployment(env: HeadspringEnv): Placement {
  const { JURISDICTION, LOCATION } = env;
  const jurisdiction = oneOf("JURISDICTION", JURISDICTIONS, JURISDICTION);
  const location = oneOf("LOCATION", LOCATIONS, LOCATION);
  return { ...(jurisdiction === undefined ? {} : { jurisdiction }), ...(location === undefined ? {} : { location }) };
}

function oneOf<Value extends string>(name: string, allowed: readonly Value[], value: string | undefined): Value | undefined {
  if (value === undefined || value === "") return undefined;
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new Error(`the variable ${name} is "${value}"; it must be one of ${allowed.join(", ")}, or left out`);
  return found;
}

/** The environments for each place, by the original: the platform passes the same one to every request. */
const placedOnes = new WeakMap<HeadspringEnv, Map<string, HeadspringEnv>>();

/**
 * The environment whose bindings lead to where a store lies. Made once for each place.
 *
 * The local runtime has no jurisdictions (`jurisdiction()` throws there): with `HEADSPRING_ENV=local` they are stored and shown, but all
 * objects lie in the same place.
 */
export function placedEnv(env: HeadspringEnv, placement: Placement): HeadspringEnv {
  const jurisdiction = isLocal(env) ? undefined : placement.jurisdiction;
  const { location } = placement;
  if (jurisdiction === undefined && location === undefined) return env;
  const ones = placedOnes.get(env) ?? new Map<string, HeadspringEnv>();
  placedOnes.set(env, ones);
  const place = `${jurisdiction ?? ""}/${location ?? ""}`;
  const known = ones.get(place) ?? newlyPlaced(env, jurisdiction, location);
  ones.set(place, known);
  return known;
}

function newlyPlaced(env: HeadspringEnv, jurisdiction: Jurisdiction | undefined, location: Location | undefined): HeadspringEnv {
  // A worker that only answers queries has not all of them.
  const bound = Object.values(OBJECT_BINDINGS).filter((binding) => env[binding] !== undefined);
  const objects = bound.map((binding) => [
    binding,
    { value: placedNamespace(env[binding] as Objects<unknown>, jurisdiction, location), enumerable: true },
  ]);
  return Object.create(env, { ...Object.fromEntries(objects), [PLACED_IN]: { value: jurisdiction } }) as HeadspringEnv;
}

/** An object's own environment: its calls stay in its jurisdiction. */
export function envOfObject(ctx: DurableObjectState, env: DeploymentEnv): HeadspringEnv {
  const bound = boundEnv(env, ctx);
  const { location, jurisdiction } = placementOfDeployment(bound);
  const own = JURISDICTIONS.find((one) => one === ctx.id.jurisdiction) ?? jurisdiction;
  return placedEnv(bound, { ...(own === undefined ? {} : { jurisdiction: own }), ...(location === undefined ? {} : { location }) });
}

function placedNamespace(
  namespace: Objects<unknown>,
  jurisdiction: Jurisdiction | undefined,
  locationHint: Location | undefined,
): Pick<Objects<unknown>, "getByName"> {
  const within = jurisdiction === undefined ? namespace : namespace.jurisdiction(jurisdiction);
  return locationHint === undefined ? within : { getByName: (name) => within.getByName(name, { locationHint }) };
}

/** The name of the database binding that stores of this jurisdiction use instead of `binding`: `VIEWS_EU`. */
export function databaseBinding(env: HeadspringEnv, binding: string, jurisdiction: Jurisdiction | undefined): string {
  if (jurisdiction === undefined || jurisdiction === placementOfDeployment(env).jurisdiction) return binding;
  return `${binding}_${jurisdiction.toUpperCase().replaceAll("-", "_")}`;
}

/** Under this an environment has the jurisdiction that its store was placed in. */
const PLACED_IN = Symbol("jurisdiction");

/**
 * The D1 database in which a store keeps what the code keeps in this binding. That of another jurisdiction is never used instead: a view's
 * database may have been added to the code after the store was placed.
 *
 * @param env leads to where the store lies
 * @throws {Error} when the deployment has none
 */
export function databaseIn(env: HeadspringEnv, binding: string): D1Database {
  const bindings = env as unknown as Readonly<Record<string, unknown>> & { readonly [PLACED_IN]?: Jurisdiction };
  const jurisdiction = bindings[PLACED_IN];
  const name = databaseBinding(env, binding, jurisdiction);
  const db = bindings[name];
  if (isDatabase(db)) return db;
  const whose = name === binding ? "" : `, where a store of jurisdiction ${jurisdiction} keeps what others keep in ${binding}`;
  throw new Error(`the deployment has no D1 binding ${name}${whose}`);
}

/** Whether some stores of the deployment keep their views in other databases than the rest: those of a jurisdiction of their own. */
export function hasDatabasesElsewhere(env: HeadspringEnv): boolean {
  const all = env as unknown as Readonly<Record<string, unknown>>;
  return JURISDICTIONS.some((one) => databaseBinding(env, "VIEWS", one) !== "VIEWS" && isDatabase(all[databaseBinding(env, "VIEWS", one)]));
}

export function isDatabase(binding: unknown): binding is D1Database {
  return typeof binding === "object" && binding !== null && typeof (binding as Partial<D1Database>).prepare === "function";
}
