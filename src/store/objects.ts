/** Finding the objects: what they are called, and what one calls itself. */

import type { CatalogRpc } from "./catalog-protocol.ts";
import { LogClient } from "./log-client.ts";
import type { LogRpc } from "./log-protocol.ts";
import type { StreamRpc } from "./stream-protocol.ts";
import type { WebhookRpc } from "./webhook-protocol.ts";

/** The object of one stream: `{store}/{category}/{id}`. */
export function streamOf(env: Env, store: string, category: string, id: string): StreamRpc {
  return env.STREAMS.getByName(`${store}/${category}/${id}`);
}

/** A store's log. */
export function logOf(env: Env, store: string): LogRpc {
  return new LogClient(env, store);
}

/** A store's catalog of categories declared at run time. */
export function catalogOf(env: Env, store: string): CatalogRpc {
  return env.CATALOGS.getByName(store);
}

/** The object of one webhook: `{store}/{id}`. */
export function webhookOf(env: Env, store: string, id: string): WebhookRpc {
  return env.WEBHOOKS.getByName(`${store}/${id}`);
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
