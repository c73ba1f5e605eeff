/** A D1 database whose queries end as a test says: done, not done, or done without the caller ever learning of it. */

/** The outcome of a query, and of all after it: a worker that has died sends no more. */
export type Fate =
  | "done"
  /** The database says that it is away; the next query may find it back. */
  | "away-before"
  | "away-after"
  /** The worker dies. */
  | "dead-before"
  | "dead-after";

export const DIED = "the worker has died";
/** One of those that Cloudflare documents: the caller cannot tell whether the query was carried out. */
const AWAY = "D1_ERROR: Network connection lost.";

/** The bindings, with fates for the queries that are to come; after the last one all is done. */
export function mortalEnv(env: Env, fates: readonly Fate[]): Env {
  const coming = [...fates];
  let dead = false;
  async function query<Result>(act: () => Promise<Result>): Promise<Result> {
    if (dead) throw new Error(DIED);
    const fate = coming.shift() ?? "done";
    dead = fate.startsWith("dead");
    if (fate.endsWith("before")) throw new Error(dead ? DIED : AWAY);
    const result = await act();
    if (fate.endsWith("after")) throw new Error(dead ? DIED : AWAY);
    return result;
  }
  const statements = new WeakMap<object, D1PreparedStatement>();
  const statement = (real: D1PreparedStatement): object => {
    const wrapped = {
      bind: (...values: unknown[]) => statement(real.bind(...values)),
      first: (...column: [string]) => query(() => real.first(...column)),
      run: () => query(() => real.run()),
      all: () => query(() => real.all()),
    };
    statements.set(wrapped, real);
    return wrapped;
  };
  const views = {
    prepare: (sql: string) => statement(env.VIEWS.prepare(sql)),
    batch: (list: readonly object[]) => query(() => env.VIEWS.batch(list.map((one) => statements.get(one) as D1PreparedStatement))),
  };
  return { ...env, VIEWS: views } as unknown as Env; // what the projection uses of a database
}
