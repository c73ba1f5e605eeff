/** An environment that throws past a cap of calls and of D1's statements, as the platform does in one invocation. */

import { env } from "cloudflare:workers";

export interface Used {
  calls: number;
  statements: number;
  /** Those of the calls that go to D1. */
  databases?: number;
}

/** @param used counts what one invocation uses */
export function capped(calls: number, statements: number, plan: "free" | "paid", used: Used = { calls: 0, statements: 0 }): Env {
  const hit = (of: number): void => {
    used.calls += 1;
    used.statements += of;
    if (of > 0) used.databases = (used.databases ?? 0) + 1;
    if (used.calls > calls || used.statements > statements) throw new Error("Too many API requests by single Worker invocation.");
  };
  const reals = new WeakMap<object, D1PreparedStatement>();
  const statement = (real: D1PreparedStatement): D1PreparedStatement => {
    const one = {
      bind: (...values: unknown[]) => statement(real.bind(...values)),
      all: async () => (hit(1), real.all()),
      run: async () => (hit(1), real.run()),
      first: async (column?: string) => (hit(1), column === undefined ? real.first() : real.first(column)),
    } as unknown as D1PreparedStatement;
    reals.set(one, real);
    return one;
  };
  const database = (db: D1Database | D1DatabaseSession): D1Database =>
    ({
      prepare: (sql: string) => statement(db.prepare(sql)),
      batch: async (some: D1PreparedStatement[]) => (hit(some.length), db.batch(some.map((one) => reals.get(one) ?? one))),
      withSession: (constraint: string) => database((db as D1Database).withSession(constraint)),
    }) as unknown as D1Database;
  const calling = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get(real, name) {
        if (name === "then") return undefined;
        return async (...given: unknown[]) => {
          hit(0);
          return (real as Record<string | symbol, (...all: unknown[]) => unknown>)[name]?.(...given);
        };
      },
    });
  const namespace = (space: DurableObjectNamespace) => ({ getByName: (name: string) => calling(space.getByName(name)) });
  return {
    ...env,
    WORKERS_PLAN: plan,
    VIEWS: database(env.VIEWS),
    WAKE_UPS: calling(env.WAKE_UPS),
    STREAMS: namespace(env.STREAMS),
    LOGS: namespace(env.LOGS),
    WEBHOOKS: namespace(env.WEBHOOKS),
    SOURCES: namespace(env.SOURCES),
  } as unknown as Env;
}
