/** What an object knows about itself: its name, and the store and stream that it belongs to. A `Store` finds objects by these names. */

import type { DurableObject } from "cloudflare:workers";
import type { DeploymentEnv } from "./env.ts";

/** A class of Durable Objects, with the methods that the other parts of Headspring call. */
export type RpcClass<Rpc> = new (ctx: DurableObjectState, env: DeploymentEnv) => DurableObject<DeploymentEnv> & Rpc;

/** An object's own name. An object that a `Store` found always has one. */
export function nameOf(ctx: DurableObjectState): string {
  const { name } = ctx.id;
  if (name === undefined) throw new Error("this object was reached by an id, not by its name");
  return name;
}

/** The store and the stream of a stream's object. */
export function streamOfObject(ctx: DurableObjectState): { store: string; stream: string } {
  const name = nameOf(ctx);
  const slash = name.indexOf("/");
  return { store: name.slice(0, slash), stream: name.slice(slash + 1) };
}
