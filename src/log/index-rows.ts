/**
 * Sorted runs of index entries, many to a row: what a row each would cost, but for the thousandth part. An entry says that `key` has
 * something at `at`, which has a `value`: for a stream's name, that its version `at` is at the position `value`.
 *
 * The form is stored (docs/stored-formats.md): add nullable columns, change nothing.
 */

/** Entries of one key, by `at`. Without values when `at` is all there is. */
export interface Group {
  readonly key: string;
  readonly ats: number[];
  readonly values: number[];
}

/** A place in the order of a run. */
export interface Place {
  readonly key: string;
  readonly at: number;
}

/** A row of a run: the groups that follow each other there. */
export type Row = readonly Group[];

/** `(key, at)` are those of the row's first entry. */
const CREATE = `
  CREATE TABLE IF NOT EXISTS packed (
    run     INTEGER NOT NULL,
    key     TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    entries TEXT    NOT NULL,    -- JSON: for each key an array of it, the numbers \`at\`, and the values
    PRIMARY KEY (run, key, at)
  ) STRICT, WITHOUT ROWID`;

/** After every entry of a key. */
export const END = Number.MAX_SAFE_INTEGER;

export class IndexRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  create(): void {
    this.#sql.exec(CREATE);
  }

  insert(run: number, row: Row): void {
    const [first] = row;
    if (first) this.#sql.exec(`INSERT INTO packed (run, key, at, entries) VALUES (?, ?, ?, ?)`, run, first.key, first.ats[0], encode(row));
  }

  /** The row of a run in which an entry at this place, or else the last one before it, would be. */
  upTo(run: number, { key, at }: Place): Row | undefined {
    return this.#one(`run = ? AND (key, at) <= (?, ?) ORDER BY key DESC, at DESC`, run, key, at);
  }

  /** The same, if the row has the key at all: a row without it is not parsed. */
  upToWith(run: number, { key, at }: Place): Row | undefined {
    return this.#one(`run = ? AND (key, at) <= (?, ?) ORDER BY key DESC, at DESC`, run, key, at, JSON.stringify(key));
  }

  /** The first row of a run that begins after this place. */
  after(run: number, { key, at }: Place): Row | undefined {
    return this.#one(`run = ? AND (key, at) > (?, ?) ORDER BY key, at`, run, key, at);
  }

  /** Removes rows of a run, as many as this; answers with how many there were. */
  remove(run: number, limit: number): number {
    const places = this.#sql.exec<{ key: string; at: number }>(`SELECT key, at FROM packed WHERE run = ? LIMIT ?`, run, limit).toArray();
    for (const { key, at } of places) this.#sql.exec(`DELETE FROM packed WHERE run = ? AND key = ? AND at = ?`, run, key, at);
    return places.length;
  }

  #one(condition: string, run: number, key: string, at: number, mustHave?: string): Row | undefined {
    const [row] = this.#sql.exec<{ entries: string }>(`SELECT entries FROM packed WHERE ${condition} LIMIT 1`, run, key, at).toArray();
    if (!row || (mustHave !== undefined && !row.entries.includes(mustHave))) return undefined;
    return decode(row.entries);
  }
}

function encode(row: Row): string {
  return JSON.stringify(
    row.map(({ key, ats, values }) => [key, isCounting(ats) && values.length > 0 ? [ats[0]] : steps(ats), steps(values)]),
  );
}

function decode(text: string): Row {
  return (JSON.parse(text) as [string, number[], number[]][]).map(([key, ats, values]) => {
    const [from = 0] = ats;
    return {
      key,
      ats: ats.length < values.length ? Array.from(values, (_, index) => from + index) : sums(ats),
      values: sums(values),
    };
  });
}

function isCounting(ats: readonly number[]): boolean {
  return (ats.at(-1) ?? 0) - (ats[0] ?? 0) === ats.length - 1;
}

/** The first number, then each one's distance from the one before. */
function steps(numbers: readonly number[]): number[] {
  return numbers.map((number, index) => number - (index === 0 ? 0 : (numbers[index - 1] ?? 0)));
}

function sums(numbers: readonly number[]): number[] {
  let sum = 0;
  return numbers.map((number) => (sum += number));
}
