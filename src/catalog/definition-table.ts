/**
 * The views, processors and sources that were declared at run time. Every method is one synchronous step: what it compares is what it changes, and
 * a view cannot go while a processor that joins it is being declared.
 */

import { DEFINITIONS, REMOVED_DEFINITIONS } from "../core/limits.ts";
import { canonical } from "../core/json.ts";
import { hasTable } from "../core/sqlite.ts";
import { namesIn } from "../definitions/over-http/names.ts";
import type { DefinitionDeclared, DefinitionKind, DefinitionRemoved, NewDefinition, RemovedDefinition } from "../store/catalog-protocol.ts";

/** Sources have a table of their own: code from before them takes whatever is no view for a processor. */
const TABLES: Readonly<Record<DefinitionKind, string>> = { view: "definitions", processor: "definitions", source: "source_definitions" };

/** The layout is stored: add nullable columns, change nothing. A row stays when its definition is removed: it counts the incarnations. */
const create = (table: string) => `
  CREATE TABLE IF NOT EXISTS ${table} (
    kind         TEXT    NOT NULL,   -- view, processor, source
    name         TEXT    NOT NULL,
    revision     INTEGER NOT NULL,   -- one higher with every change, including its removal
    incarnation  INTEGER NOT NULL,   -- one higher with every declaration after a removal
    definition   TEXT,               -- JSON; NULL: it was removed
    declared_at  INTEGER NOT NULL,   -- milliseconds since 1970
    changed_at   INTEGER NOT NULL,   -- the same, of the last change; higher with each
    starts_after INTEGER,            -- the log's head at the declaration, for what begins there
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID`;

interface Row {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly revision: number;
  readonly incarnation: number;
  readonly definition: string | null;
  readonly declaredAt: number;
  readonly changedAt: number;
  readonly startsAfter: number | null;
}

const COLUMNS = `kind, name, revision, incarnation, definition,
  declared_at AS declaredAt, changed_at AS changedAt, starts_after AS startsAfter`;

/** One that is in force, and the names in it. */
export interface KeptDefinition extends Row {
  readonly definition: string;
  readonly categories: readonly string[];
  /** Views or categories. */
  readonly joined: readonly string[];
}

export class DefinitionTable {
  readonly #sql: SqlStorage;
  /** By name; undefined: not read so far. */
  #kept: ReadonlyMap<string, KeptDefinition> | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Those in force, by name: views, then processors, then sources. */
  all(): ReadonlyMap<string, KeptDefinition> {
    return (this.#kept ??= new Map(this.#read().map((one) => [one.name, one])));
  }

  /** A number that grows with every change of any view or processor. Sources do not count: they are no consumers. */
  get asOf(): number {
    if (!hasTable(this.#sql, "definitions")) return 0;
    return Number(this.#sql.exec(`SELECT coalesce(sum(revision), 0) AS sum FROM definitions`).one().sum);
  }

  /** What a declaration would come to. */
  compare({ kind, name, definition, joins = [] }: NewDefinition): DefinitionDeclared {
    const kept = [...this.all().values()];
    const twin = kept.find((one) => one.name.toLowerCase() === name.toLowerCase() && (one.name !== name || one.kind !== kind));
    if (twin) return { outcome: "name-in-use", kind: twin.kind, name: twin.name };
    const missing = joins.find((view) => this.all().get(view)?.kind !== "view");
    if (missing !== undefined) return { outcome: "unknown-view", name: missing };
    const before = this.#find(kind, name);
    const { revision = 0, incarnation = 0, definition: old = null } = before ?? {};
    if (old !== null) {
      if (canonical(JSON.parse(old)) === canonical(JSON.parse(definition))) return { outcome: "unchanged", revision, incarnation };
      return { outcome: "changed", revision: revision + 1, incarnation };
    }
    if (kept.filter((one) => one.kind === kind).length >= DEFINITIONS) return { outcome: "full" };
    return { outcome: "created", revision: revision + 1, incarnation: incarnation + 1 };
  }

  declare(asked: NewDefinition): DefinitionDeclared {
    const { kind, name, definition, startsAfter } = asked;
    const declared = this.compare(asked);
    if (declared.outcome === "changed") this.#change(kind, name, definition);
    if (declared.outcome !== "created") return declared;
    const now = Math.max(Date.now(), (this.#find(kind, name)?.changedAt ?? 0) + 1);
    this.#sql.exec(create(TABLES[kind]));
    this.#sql.exec(
      `INSERT OR REPLACE INTO ${TABLES[kind]} (kind, name, revision, incarnation, definition, declared_at, changed_at, starts_after)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      kind,
      name,
      declared.revision,
      declared.incarnation,
      definition,
      now,
      now,
      startsAfter ?? null,
    );
    this.#kept = undefined;
    return declared;
  }

  remove(kind: DefinitionKind, name: string): DefinitionRemoved {
    if (this.all().get(name)?.kind !== kind) return { outcome: "unknown" };
    const by = kind === "view" ? [...this.all().values()].filter(({ joined }) => joined.includes(name)) : [];
    if (by.length > 0) return { outcome: "in-use", by: by.map((one) => one.name) };
    this.#change(kind, name, null);
    return { outcome: "removed" };
  }

  /** Views and processors that exist no more, the last one first. */
  removed(): RemovedDefinition[] {
    if (!hasTable(this.#sql, "definitions")) return [];
    const select = `SELECT kind, name, incarnation FROM definitions WHERE definition IS NULL ORDER BY changed_at DESC LIMIT ?`;
    return this.#sql.exec(select, REMOVED_DEFINITIONS).toArray() as unknown as RemovedDefinition[];
  }

  #change(kind: DefinitionKind, name: string, definition: string | null): void {
    this.#sql.exec(
      `UPDATE ${TABLES[kind]} SET revision = revision + 1, changed_at = max(?, changed_at + 1), definition = ? WHERE kind = ? AND name = ?`,
      Date.now(),
      definition,
      kind,
      name,
    );
    this.#kept = undefined;
  }

  #find(kind: DefinitionKind, name: string): Row | undefined {
    const table = TABLES[kind];
    if (!hasTable(this.#sql, table)) return undefined;
    return this.#sql.exec(`SELECT ${COLUMNS} FROM ${table} WHERE kind = ? AND name = ?`, kind, name).toArray()[0] as unknown as
      | Row
      | undefined;
  }

  #read(): KeptDefinition[] {
    const rows = [...new Set(Object.values(TABLES))].flatMap((table) => {
      if (!hasTable(this.#sql, table)) return [];
      const select = `SELECT ${COLUMNS} FROM ${table} WHERE definition IS NOT NULL ORDER BY kind DESC, name`;
      return this.#sql.exec(select).toArray() as unknown as readonly (Row & { readonly definition: string })[];
    });
    return rows.map((row) => ({ ...row, ...namesIn(row.kind, JSON.parse(row.definition)) }));
  }
}
