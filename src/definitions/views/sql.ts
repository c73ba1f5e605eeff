/**
 * SQL with every value bound. Pure.
 *
 * Only the {@link sql} tag makes a piece of SQL, from the strings in the code. What is inserted is a bound value, another such piece, or
 * the name of a column that the view declares.
 */

import { kindOf } from "../../core/misfit.ts";
import { harmIn, wordsOf, quoted } from "./sql-words.ts";

/** What can be bound. Lists are bound as their JSON, for `json_each`. */
type Bindable = string | number | boolean | null | readonly (string | number | boolean | null)[];

type Part = string | { readonly bind: string | number | null };

export class Sql {
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  get parts(): readonly Part[] {
    return this.#parts;
  }

  /** The SQL with numbered parameters, the first of which is `first`, and the values to bind to them. */
  render(first: number): { readonly text: string; readonly values: readonly (string | number | null)[] } {
    const values: (string | number | null)[] = [];
    const text = this.#parts.map((part) => (typeof part === "string" ? part : `?${first - 1 + values.push(part.bind)}`)).join("");
    return { text, values };
  }
}

/**
 * A piece of SQL. Inserted values are bound, never part of the SQL; lists are bound as JSON.
 *
 * @throws {TypeError} when the piece could be more than a part of one statement (its brackets are not in pairs, it ends the
 *   statement, it names tables or a parameter), or a value cannot be bound
 *
 * @example
 * sql`SELECT * FROM ${rows} WHERE customer IN (SELECT value FROM json_each(${params.customers})) ORDER BY total`
 */
export function sql(strings: TemplateStringsArray, ...values: readonly (Bindable | Sql)[]): Sql {
  requireHarmless(strings);
  return new Sql(strings.flatMap((text, index): Part[] => [text, ...(index < values.length ? partsOf(values[index]) : [])]));
}

/** The name of a table or column. */
export function identifier(name: string): Sql {
  return new Sql([quoted(name)]);
}

function partsOf(value: Bindable | Sql | undefined): readonly Part[] {
  if (value instanceof Sql) return value.parts;
  if (Array.isArray(value)) return [{ bind: JSON.stringify(value) }];
  if (typeof value === "boolean") return [{ bind: value ? 1 : 0 }];
  if (value === null || typeof value === "string" || (typeof value === "number" && Number.isFinite(value))) return [{ bind: value }];
  throw new TypeError(`SQL accepts strings, finite numbers, booleans, null and lists of them, not ${kindOf(value)}`);
}

/** Templates that were checked already: the strings of a template are the same object in every call. */
const harmless = new WeakSet<readonly string[]>();

function requireHarmless(strings: readonly string[]): void {
  if (harmless.has(strings)) return;
  for (const text of strings) {
    const harm = harmIn(text);
    if (harm !== undefined) throw new TypeError(`SQL ${harm}`);
  }
  wordsOf(strings.join(" "));
  harmless.add(strings);
}
