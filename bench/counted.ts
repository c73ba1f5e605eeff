/** A D1 database that counts what the platform would bill for it. */

/** Since this isolate began. */
export const billed = { rowsRead: 0, rowsWritten: 0 };

const databases = new WeakMap<D1Database, D1Database>();
const statements = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

export function counted(db: D1Database): D1Database {
  const known = databases.get(db);
  if (known) return known;
  const counting = instead(db, {
    prepare: (sql: string) => statement(db.prepare(sql)),
    async batch(some: D1PreparedStatement[]) {
      const results = await db.batch(some.map((one) => statements.get(one) ?? one));
      for (const { meta } of results) count(meta);
      return results;
    },
  });
  databases.set(db, counting);
  return counting;
}

function statement(real: D1PreparedStatement): D1PreparedStatement {
  const all = async () => {
    const result = await real.all();
    count(result.meta);
    return result;
  };
  const counting = instead(real, {
    bind: (...values: unknown[]) => statement(real.bind(...values)),
    all,
    run: all,
    first: async (column?: string) => {
      const [row] = (await all()).results;
      return column === undefined ? (row ?? null) : (row?.[column] ?? null);
    },
  });
  statements.set(counting, real);
  return counting;
}

function count({ rows_read, rows_written }: D1Meta): void {
  billed.rowsRead += rows_read;
  billed.rowsWritten += rows_written;
}

/** The same object, with some members of its own. */
export function instead<Target extends object>(target: Target, members: object): Target {
  return new Proxy(target, {
    get(_, property) {
      const own: unknown = Reflect.get(members, property);
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, property);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
