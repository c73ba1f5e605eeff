/** The categories that were declared over HTTP, and the schemas that newer versions replaced. */

import { canonical } from "../core/json.ts";
import { CATEGORIES, EARLIER_SCHEMAS, EARLIER_SCHEMA_CHARACTERS, PAGE_BYTES } from "../core/limits.ts";
import { hasTable, inBatches } from "../core/sqlite.ts";
import { changeProblem, readDefinition, replacedVersions } from "../definitions/over-http/category.ts";
import type { CategoryExport, CategorySummary, Declared, Earlier, Entry } from "../store/catalog-protocol.ts";
import type { CodeTable } from "./code-table.ts";
import type { CategoryState } from "./definition-answers.ts";

/** The layout is stored: add nullable columns, change nothing. */
const CREATE = `
  CREATE TABLE IF NOT EXISTS categories (
    name        TEXT    PRIMARY KEY,
    revision    INTEGER NOT NULL,    -- one higher with every change
    definition  TEXT    NOT NULL,    -- JSON
    declared_at INTEGER NOT NULL,    -- milliseconds since 1970
    retired_at  INTEGER              -- NULL: in use
  ) STRICT, WITHOUT ROWID`;

/** What readers of old events need: the schemas that newer versions replaced. */
const CREATE_EARLIER = `
  CREATE TABLE IF NOT EXISTS earlier_schemas (
    category   TEXT    NOT NULL,
    event_type TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    schema     TEXT    NOT NULL,     -- JSON
    PRIMARY KEY (category, event_type, version)
  ) STRICT, WITHOUT ROWID`;

/** Only what routes need to list it; the schemas stay here. */
const LIST = `
  SELECT name,
         definition ->> '$.description' AS description,
         definition ->> '$.key'         AS key,
         definition ->> '$.strict'      AS strict,
         (SELECT json_group_array(key) FROM json_each(definition, '$.events')) AS types,
         (SELECT json_group_array(coalesce(value ->> '$."x-version"', 1)) FROM json_each(definition, '$.events')) AS versions
    FROM categories
   WHERE retired_at IS NULL
   ORDER BY name`;

const EXPORT = `SELECT name, definition, retired_at IS NOT NULL AS retired FROM categories WHERE name > ? ORDER BY name LIMIT ?`;

interface CategoryRow {
  readonly name: string;
  readonly definition: string;
  readonly retired: number;
}

interface Row {
  readonly revision: number;
  readonly definition: string;
  readonly retired: number;
}

interface ListRow {
  readonly name: string;
  readonly description: string | null;
  readonly key: string | null;
  readonly strict: number;
  readonly types: string;
  readonly versions: string;
}

type Compared = Declared & { readonly replaced?: Earlier };

export class CategoryTable {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  /** What code has declared. */
  readonly #code: CodeTable;
  #exists: boolean;

  constructor(storage: DurableObjectStorage, code: CodeTable) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#code = code;
    this.#exists = hasTable(this.#sql, "categories");
  }

  lookUp(name: string, knownRevision?: number, withEarlier = false): Entry | undefined {
    const row = this.#find(name);
    if (row?.retired) return { status: "retired" };
    const kind = this.#code.kindOf(name);
    // A declaration from before or after the code had the category counts; but a category that had rules has them for good.
    if (kind !== undefined && (!row || kind === "aggregate")) {
      return { status: "in-code", kind, definition: JSON.stringify(this.#code.definitionOf(name)) };
    }
    if (!row) return undefined;
    const { revision, definition } = row;
    return {
      status: "declared",
      revision,
      ...(revision === knownRevision ? {} : { definition }),
      ...(withEarlier ? { earlier: this.#earlier(name) } : {}),
    };
  }

  /** What a declaration would come to, and the schemas that it would replace. */
  compare(name: string, definition: string): Compared {
    const row = this.#find(name);
    if (row?.retired) return { outcome: "retired" };
    const kind = this.#code.kindOf(name);
    if (kind === "aggregate") return { outcome: "in-code" };
    if (!row) {
      const problem = kind === undefined ? undefined : changeProblem(this.#code.definitionOf(name), readDefinition(name, definition));
      if (problem) return { outcome: "incompatible", ...problem };
      if (this.#exists && Number(this.#sql.exec(`SELECT count(*) AS count FROM categories`).one().count) >= CATEGORIES)
        return { outcome: "full" };
      return { outcome: "created", revision: 1 };
    }
    const [old, next] = [readDefinition(name, row.definition), readDefinition(name, definition)];
    if (canonical(old) === canonical(next)) return { outcome: "unchanged", revision: row.revision, earlier: this.#earlier(name) };
    const problem = changeProblem(old, next);
    if (problem) return { outcome: "incompatible", ...problem };
    const revision = row.revision + 1;
    const replaced = replacedVersions(old, next).map((one) => ({ ...one, schema: JSON.stringify(one.schema) }));
    const earlier = [...this.#earlier(name), ...replaced];
    const characters = earlier.reduce((sum, { schema }) => sum + schema.length, 0);
    if (replaced.length > 0 && (earlier.length > EARLIER_SCHEMAS || characters > EARLIER_SCHEMA_CHARACTERS))
      return { outcome: "too-many-versions" };
    return { outcome: "changed", revision, earlier, replaced };
  }

  /** Synchronous, so that what is compared is what is replaced. */
  declare(name: string, definition: string): Declared {
    const { replaced = [], ...declared } = this.compare(name, definition);
    if (declared.outcome === "created") {
      if (!this.#exists) this.#sql.exec(CREATE);
      this.#exists = true;
      this.#sql.exec(`INSERT INTO categories (name, revision, definition, declared_at) VALUES (?, 1, ?, ?)`, name, definition, Date.now());
    } else if (declared.outcome === "changed") this.#change(name, definition, declared.revision, replaced);
    return declared;
  }

  #change(name: string, definition: string, revision: number, replaced: Earlier): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(`UPDATE categories SET revision = ?, definition = ? WHERE name = ?`, revision, definition, name);
      if (replaced.length > 0) this.#sql.exec(CREATE_EARLIER);
      for (const { eventType, version, schema } of replaced) {
        this.#sql.exec(
          `INSERT INTO earlier_schemas (category, event_type, version, schema) VALUES (?, ?, ?, ?)`,
          name,
          eventType,
          version,
          schema,
        );
      }
    });
  }

  retire(name: string): boolean {
    if (!this.#find(name)) return false;
    this.#sql.exec(`UPDATE categories SET retired_at = ? WHERE name = ? AND retired_at IS NULL`, Date.now(), name);
    return true;
  }

  list(withVersions = false): CategorySummary[] {
    if (!this.#exists) return [];
    const rows = this.#sql.exec(LIST).toArray() as unknown as ListRow[];
    return rows.map(({ name, description, key, strict, types, versions }) => ({
      name,
      ...(description === null ? {} : { description }),
      ...(key === null ? {} : { key }),
      strict: strict === 1,
      eventTypes: JSON.parse(types),
      ...(withVersions ? { schemaVersions: JSON.parse(versions) } : {}),
    }));
  }

  exported(after: string): CategoryExport[] {
    if (!this.#exists) return [];
    const read = (limit: number, last?: CategoryRow) =>
      this.#sql.exec(EXPORT, last?.name ?? after, limit).toArray() as unknown as CategoryRow[];
    const found: CategoryExport[] = [];
    let characters = 0;
    for (const { name, definition, retired } of inBatches(read, (row) => row.definition.length)) {
      const earlier = this.#earlier(name);
      characters += definition.length + earlier.reduce((sum, { schema }) => sum + schema.length, 0);
      // The first always fits.
      if (found.length > 0 && characters > PAGE_BYTES) break;
      found.push({ name, definition, earlier, retired: retired === 1 });
    }
    return found;
  }

  /** The category, retired or not; undefined: it was never declared. */
  stateOf(name: string): CategoryState | undefined {
    const row = this.#find(name);
    const kind = this.#code.kindOf(name);
    if (row && kind !== "aggregate") {
      const status = row.retired ? "retired" : "declared";
      return { version: `${row.revision}${status}`, named: { name, status, definition: row.definition } };
    }
    if (kind === undefined) return undefined;
    return { version: kind, named: { name, status: "code", kind, definition: JSON.stringify(this.#code.definitionOf(name)) } };
  }

  #earlier(name: string): Earlier {
    if (!hasTable(this.#sql, "earlier_schemas")) return [];
    return this.#sql
      .exec<{ eventType: string; version: number; schema: string }>(
        `SELECT event_type AS eventType, version, schema FROM earlier_schemas WHERE category = ? ORDER BY event_type, version`,
        name,
      )
      .toArray();
  }

  #find(name: string): Row | undefined {
    if (!this.#exists) return undefined;
    const rows = this.#sql.exec(`SELECT revision, definition, retired_at IS NOT NULL AS retired FROM categories WHERE name = ?`, name);
    return rows.toArray()[0] as unknown as Row | undefined;
  }
}
