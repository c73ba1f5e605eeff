/** What counts against an invocation's limits, and what does not. */

import { describe, expect, it } from "vitest";
import { Budget, budgetOf, counting, realOf } from "../../../src/core/budget.ts";

const CAPS = { calls: 100, statements: 1_000 };

/** A database that answers nothing, and knows which real statements it got. */
function database() {
  const ran: string[] = [];
  const statement = (sql: string, values: unknown[] = []) => ({
    sql,
    bind: (...more: unknown[]) => statement(sql, more),
    run: async () => void ran.push(`${sql}${JSON.stringify(values)}`),
    raw: async () => [],
  });
  const db = {
    prepare: (sql: string) => statement(sql),
    batch: async (some: { sql: string }[]) => some.map(({ sql }) => ran.push(sql)),
    withSession: () => db,
  };
  return { db, ran };
}

/** An environment of so many bindings, counted, and how much of its budget is spent. */
function counted<Bindings extends object>(bindings: Bindings) {
  const budget = new Budget(CAPS);
  const before = budget.left;
  return { env: counting(bindings, budget), spent: () => before - budget.left, budget };
}

describe("an environment whose calls are counted", () => {
  it("counts each call of an object and of a queue, and nothing else of them", async () => {
    const object = { id: { name: "one" }, head: async () => 7 };
    const sent: unknown[] = [];
    const { env, spent, budget } = counted({
      LOGS: { getByName: () => object },
      QUEUE: { sendBatch: async (batch: unknown[]) => void sent.push(...batch) },
      WORKERS_PLAN: "free",
    });
    const stub = env.LOGS.getByName();
    expect([stub.id.name, env.WORKERS_PLAN, budgetOf(env) === budget, spent()]).toEqual(["one", "free", true, 0]);
    expect(await Promise.resolve(stub)).toBe(stub);
    expect(spent()).toBe(0);
    expect(await stub.head()).toBe(7);
    await env.QUEUE.sendBatch([1, 2]);
    expect([sent, spent()]).toEqual([[1, 2], 2]);
  });

  it("counts a query as a call, and a batch as one with as many statements; what a statement is costs nothing", async () => {
    const { db, ran } = database();
    const { env, spent } = counted({ VIEWS: db });
    const select = env.VIEWS.prepare("SELECT ?").bind(1);
    expect([select.sql, spent()]).toEqual(["SELECT ?", 0]);
    await select.run();
    await env.VIEWS.prepare("SELECT 2").raw();
    expect(spent()).toBe(2);
    await env.VIEWS.withSession().batch([select, env.VIEWS.prepare("SELECT 3")]);
    expect(ran).toEqual(["SELECT ?[1]", "SELECT ?", "SELECT 3"]);
    expect([spent(), realOf(env.VIEWS as unknown as D1Database)]).toEqual([3, db]);
  });
});
