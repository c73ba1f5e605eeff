/**
 * What code has declared in this store: each category's kind, and the schemas that its events were written with. Kept at first use, so that
 * a category stays what it was when the code no longer has it, and an incompatible schema is noticed.
 *
 * Every schema that was ever used is kept, not just the newest: while two versions of the code run side by side, or after a rollback, an
 * older schema comes back, and that is not a change.
 */

import { EARLIER_SCHEMAS } from "../core/limits.ts";
import { hasTable } from "../core/sqlite.ts";
import type { Definition } from "../definitions/over-http/category.ts";
import { type JsonSchema, isObject } from "../schemas/json-schema.ts";
import { openly } from "../schemas/openly.ts";
import type { CodeProblem, CodeSchema } from "../store/catalog-protocol.ts";
import { incompatibility } from "../schemas/schema-change.ts";
import { schemaIssues } from "../schemas/schema-check.ts";

/** The layout is stored: add nullable columns, change nothing. */
const CREATE = [
  `CREATE TABLE IF NOT EXISTS code_categories (
    name  TEXT    PRIMARY KEY,
    kind  TEXT    NOT NULL,          -- aggregate, plain
    since INTEGER NOT NULL           -- milliseconds since 1970
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS code_schemas (
    number     INTEGER PRIMARY KEY,
    category   TEXT    NOT NULL,
    event_type TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    schema     TEXT    NOT NULL,     -- JSON
    problem    TEXT,                 -- JSON: why events of before may not fit it; NULL: they do
    since      INTEGER NOT NULL      -- milliseconds since 1970
  ) STRICT`,
];

interface SchemaRow {
  readonly event_type: string;
  readonly version: number;
  readonly schema: string;
  readonly problem: string | null;
  readonly since: number;
}

export class CodeTable {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** What the category was when code last used it; undefined: it never did, as far as is known. */
  kindOf(category: string): string | undefined {
    if (!hasTable(this.#sql, "code_categories")) return undefined;
    return this.#sql.exec<{ kind: string }>(`SELECT kind FROM code_categories WHERE name = ?`, category).toArray()[0]?.kind;
  }

  /**
   * Compares the code's schemas with the earlier ones, and keeps those that are new.
   *
   * @returns the problems of all of them, and those of the new ones
   */
  use(category: string, kind: string, schemas: readonly CodeSchema[]): { problems: CodeProblem[]; news: CodeProblem[] } {
    const kept = this.#rows(category);
    const now = Date.now();
    const found = schemas.map((schema) => ({ schema, row: kept.find((row) => isOf(row, schema) && row.schema === schema.schema) }));
    const fresh = found.flatMap(({ schema, row }) => (row ? [] : [{ schema, problem: problemOf(schema, kept, now) }]));
    if (fresh.length > 0 || this.kindOf(category) !== kind) {
      this.#storage.transactionSync(() => {
        for (const statement of CREATE) this.#sql.exec(statement);
        this.#sql.exec(
          `INSERT INTO code_categories (name, kind, since) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET kind = excluded.kind`,
          category,
          kind,
          now,
        );
        for (const { schema, problem } of fresh) {
          this.#sql.exec(
            `INSERT INTO code_schemas (category, event_type, version, schema, problem, since) VALUES (?, ?, ?, ?, ?, ?)`,
            category,
            schema.eventType,
            schema.version,
            schema.schema,
            problem === undefined ? null : JSON.stringify(problem),
            now,
          );
        }
      });
    }
    const news = fresh.flatMap(({ problem }) => problem ?? []);
    const known = found.flatMap(({ row }) => (row?.problem ? [JSON.parse(row.problem) as CodeProblem] : []));
    return { problems: [...known, ...news], news };
  }

  /** What {@link use} would find wrong, without keeping anything. */
  compare(category: string, schemas: readonly CodeSchema[]): CodeProblem[] {
    const kept = this.#rows(category);
    return schemas.flatMap((schema) => {
      const row = kept.find((one) => isOf(one, schema) && one.schema === schema.schema);
      if (row) return row.problem === null ? [] : [JSON.parse(row.problem) as CodeProblem];
      return problemOf(schema, kept, Date.now()) ?? [];
    });
  }

  /**
   * The category as a definition: for each event type the newest schema of its newest version. Types whose schema cannot be compared are
   * left out.
   */
  definitionOf(category: string): Definition {
    const events: Record<string, JsonSchema> = {};
    for (const { event_type: eventType, version, schema } of this.#rows(category)) {
      const parsed = JSON.parse(schema) as JsonSchema;
      if (schemaIssues(parsed).length > 0) continue;
      events[eventType] = version === 1 || !isObject(parsed) ? parsed : { ...parsed, "x-version": version };
    }
    return { strict: true, facts: false, events };
  }

  /** In the order of their versions, and within a version the newest last. */
  #rows(category: string): SchemaRow[] {
    if (!hasTable(this.#sql, "code_schemas")) return [];
    return this.#sql
      .exec(
        `SELECT event_type, version, schema, problem, since FROM code_schemas WHERE category = ? ORDER BY event_type, version, number`,
        category,
      )
      .toArray() as unknown as SchemaRow[];
  }
}

function isOf(row: SchemaRow, { eventType, version }: CodeSchema): boolean {
  return row.event_type === eventType && row.version === version;
}

/** Why events that were written with an earlier schema of the same version may not fit this one. */
function problemOf(asked: CodeSchema, kept: readonly SchemaRow[], now: number): CodeProblem | undefined {
  const { eventType, version } = asked;
  const next = openly(JSON.parse(asked.schema));
  if (schemaIssues(next).length > 0) return undefined;
  // Begin with the newest: most stored events were written with those.
  const earlier = kept.filter((row) => isOf(row, asked)).slice(-EARLIER_SCHEMAS);
  for (const { schema } of earlier.toReversed()) {
    const old = JSON.parse(schema) as JsonSchema;
    const problem = schemaIssues(old).length > 0 ? undefined : incompatibility(old, next);
    if (problem) return { eventType, version, ...problem, since: new Date(now).toISOString() };
  }
  return undefined;
}
