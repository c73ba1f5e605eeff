/** What objects are called. A `Store` finds them; here is what an object finds out about itself, and the parts that are asked before there is a store. */

import type { HeadspringEnv } from "./env.ts";
import type { CatalogRpc } from "./catalog-protocol.ts";
import { LogClient } from "./log-client.ts";
import type { LogRpc } from "./log-protocol.ts";

/** A store's log. */
export function logOf(env: HeadspringEnv, store: string): LogRpc {
  return new LogClient(env, store);
}

/** A store's catalog of categories declared at run time. */
export function catalogOf(env: HeadspringEnv, store: string): CatalogRpc {
  return env.CATALOGS.getByName(store);
}

/** An object's own name. It has one whenever it was found by the functions above. */
export function nameOf(ctx: DurableObjectState): string {
  const { name } = ctx.id;
  if (name === undefined) throw new Error("this object was reached by an id, not by its name");
  return name;
}

/** Store and stream of a stream's object. */
export function streamOfObject(ctx: DurableObjectState): { store: string; stream: string } {
  const name = nameOf(ctx);
  const slash = name.indexOf("/");
  return { store: name.slice(0, slash), stream: name.slice(slash + 1) };
}
