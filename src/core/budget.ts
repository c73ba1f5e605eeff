/**
 * How much one invocation of the worker may do: the platform counts its calls (to objects, D1 and queues) and its D1 statements, and throws
 * beyond a limit. So work stops, with a checkpoint, before that; the next invocation does the rest.
 */

import { INVOCATION_CALLS, INVOCATION_RESERVE, INVOCATION_STATEMENTS } from "./limits.ts";

/** The calls and statements that one invocation may make. */
interface Caps {
  readonly calls: number;
  readonly statements: number;
}

/** Whether the deployment is on the Free plan: its variable `WORKERS_PLAN` is `free`. */
export function isFree(env: object): boolean {
  return (env as { readonly WORKERS_PLAN?: unknown }).WORKERS_PLAN === "free";
}

/** What the deployment's plan allows. */
export function capsOf(env: object): Caps {
  const plan = isFree(env) ? "free" : "paid";
  return { calls: INVOCATION_CALLS[plan], statements: INVOCATION_STATEMENTS[plan] };
}

export class Budget {
  readonly caps: Caps;
  #calls = 0;
  #statements = 0;

  constructor(caps: Caps) {
    this.caps = caps;
  }

  spend(calls: number, statements = 0): void {
    this.#calls += calls;
    this.#statements += statements;
  }

  /** Another invocation has begun. */
  renew(): void {
    this.#calls = 0;
    this.#statements = 0;
  }

  /** The number of calls that still fit, each with a statement. */
  get left(): number {
    return Math.min(this.caps.calls - this.#calls, this.caps.statements - this.#statements) - INVOCATION_RESERVE;
  }

  /** Whether this many more calls fit, each with a statement, and after them the calls that end the work in order. */
  fits(calls: number): boolean {
    return calls <= this.left;
  }
}

const BUDGET = Symbol("budget");

/** The budget that an environment counts against; undefined: nothing is counted. */
export function budgetOf(env: object): Budget | undefined {
  return (env as { [BUDGET]?: Budget })[BUDGET];
}

/** The real database behind each counted one, so that what is cached for a database is found under either. */
const reals = new WeakMap<object, D1Database>();

export function realOf(db: D1Database): D1Database {
  return reals.get(db) ?? db;
}

/** The environment, whose calls are counted from now on. */
export function counting<Bindings extends object>(env: Bindings, budget = new Budget(capsOf(env))): Bindings {
  const bindings: Record<string | symbol, PropertyDescriptor> = { [BUDGET]: { value: budget } };
  // An environment for the place where a store lies inherits bindings from another one.
  for (const name in env) bindings[name] = { value: counted(env[name], budget), enumerable: true };
  return Object.create(env, bindings) as Bindings;
}

function counted(binding: unknown, budget: Budget): unknown {
  if (typeof binding !== "object" || binding === null) return binding;
  if ("prepare" in binding && "batch" in binding) return countedDatabase(binding as D1Database, budget);
  if ("getByName" in binding) return countedNamespace(binding as DurableObjectNamespace, budget);
  if ("sendBatch" in binding) return countedCalls(binding, budget);
  return binding;
}

/** An object with every method counted as a call. */
function countedCalls<Target extends object>(target: Target, budget: Budget): Target {
  return new Proxy(target, {
    get(real, name) {
      const member: unknown = Reflect.get(real, name);
      if (typeof member !== "function" || name === "then") return member;
      return (...given: unknown[]) => {
        budget.spend(1);
        return (real as Record<string | symbol, (...given: unknown[]) => unknown>)[name]?.(...given);
      };
    },
  });
}

function countedNamespace(namespace: DurableObjectNamespace, budget: Budget): object {
  return { getByName: (name: string) => countedCalls(namespace.getByName(name), budget) };
}

const STATEMENT_CALLS: ReadonlySet<string | symbol> = new Set(["all", "first", "run", "raw"]);

/** The real statement behind each counted one: a session of a database can run a statement that the database has prepared. */
const statements = new WeakMap<object, D1PreparedStatement>();

function countedDatabase(db: D1Database | D1DatabaseSession, budget: Budget): D1Database {
  const counted = (real: D1PreparedStatement): D1PreparedStatement => {
    const statement = new Proxy(real, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => counted(target.bind(...values));
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...given: unknown[]) => {
          if (STATEMENT_CALLS.has(name)) budget.spend(1, 1);
          return (target as unknown as Record<string | symbol, (...given: unknown[]) => unknown>)[name]?.(...given);
        };
      },
    });
    statements.set(statement, real);
    return statement;
  };
  const wrapped = {
    prepare: (sql: string) => counted(db.prepare(sql)),
    batch: (some: D1PreparedStatement[]) => {
      budget.spend(1, some.length);
      return db.batch(some.map((statement) => statements.get(statement) ?? statement));
    },
    withSession: (constraint?: D1SessionBookmark) => countedDatabase((db as D1Database).withSession(constraint), budget),
  } as unknown as D1Database; // the part that the engine uses
  reals.set(wrapped, db as D1Database);
  return wrapped;
}
