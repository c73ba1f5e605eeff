/**
 * Jurisdictions for the tests: `jurisdiction()` throws in the local runtime, so the namespaces of a second set of classes stand for
 * those of the EU. The objects are real, and so are their names; what the platform does with a jurisdiction is not tested here.
 */

import { env } from "cloudflare:workers";

type Binding = "STREAMS" | "LOGS" | "WEBHOOKS" | "CATALOGS" | "SOURCES";
const BINDINGS: readonly Binding[] = ["STREAMS", "LOGS", "WEBHOOKS", "CATALOGS", "SOURCES"];

/** A namespace of another deployment, with what it is asked for. */
export interface Asked {
  readonly binding: Binding;
  readonly jurisdiction?: string;
  readonly name: string;
  readonly locationHint?: string;
}

/** The environment of a worker or an object, on a platform that knows the EU. */
export function withJurisdictions(bindings: Env, asked: Asked[] = []): Env {
  const all = bindings as unknown as Record<string, DurableObjectNamespace>;
  const namespaces = BINDINGS.map((binding) => {
    const within = (jurisdiction?: string) => ({
      getByName(name: string, options: { locationHint?: string } = {}) {
        asked.push({ binding, ...(jurisdiction === undefined ? {} : { jurisdiction }), name, ...options });
        return all[jurisdiction === undefined ? binding : `${binding}_EU`]!.getByName(name);
      },
      jurisdiction: (one: string) => within(one),
    });
    return [binding, { value: within(), enumerable: true }];
  });
  return Object.create(bindings, Object.fromEntries(namespaces)) as Env;
}

/** The class of the objects that lie in the EU: each knows it by its id, as on the platform. */
// `any`: a mixin's constructor must take whatever the class takes.
// oxlint-disable-next-line typescript/no-explicit-any
export function inEurope<Class extends new (...args: any[]) => object>(base: Class): Class {
  return class extends base {
    // oxlint-disable-next-line typescript/no-explicit-any
    constructor(...args: any[]) {
      const [ctx, bindings] = args as [DurableObjectState, Env];
      // The runtime's own object, which a class takes no proxy for.
      const { id } = ctx;
      Object.defineProperty(id, "jurisdiction", { value: "eu" });
      Object.defineProperty(ctx, "id", { value: id });
      // Its wake-ups are lost, as they may be: the queue's consumer here is a worker that knows no jurisdictions.
      const WAKE_UPS = { send: async () => {}, sendBatch: async () => {} };
      super(ctx, Object.create(withJurisdictions(bindings), { HEADSPRING_ENV: { value: "deployed" }, WAKE_UPS: { value: WAKE_UPS } }));
    }
  };
}

/** Databases by their binding, as the tests' deployment has them. */
export const databases = env as unknown as Readonly<Record<"VIEWS" | "VIEWS_EU", D1Database>>;
