/**
 * SQL as words: decides what a user's SQL may contain, before any database sees it. Pure.
 *
 * What keeps SQL within the store's rows is where it is put: in brackets that it cannot close, under a condition on the store. This file
 * refuses what would break out: brackets that are not in pairs, tables by their names, and the store's column.
 */

/** Strings, names in their three kinds of quotes, comments, words, numbers, white space; else one character. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*\n|\/\*[\s\S]*?\*\/|--|\/\*|[A-Za-z_\u{80}-\u{10ffff}][\w$\u{80}-\u{10ffff}]*|[\d.]+|\s+|[\s\S]/gu;
/** What ends the statement, names a parameter of its own, or begins something that the same piece does not end. */
const HARMFUL = new Set([";", "?", "@", ":", "$", "#", "'", '"', "`", "[", "--", "/*", "\0"]);
/** Tables that hold rows of all stores, and SQLite's own tables: the view's rows have another name. */
const TABLE = /^(?:view_.+_[0-9a-f]{12}(?:_\d+)?|headspring_.*|sqlite_.*|pragma_.*|_cf_.*)$/i;
/** The column that holds the store of a row. */
const STORE = "_store";
const QUOTED = /^["'`[](.*)["'`\]]$/su;

/**
 * What is wrong with a piece of SQL from a template, by itself; undefined: nothing.
 *
 * @param text one of the template's strings between values
 */
export function harmIn(text: string): string | undefined {
  for (const [token] of text.matchAll(TOKEN)) {
    if (HARMFUL.has(token)) return `cannot have ${token} in ${JSON.stringify(text)}: values go in as \${…}, without quotes`;
    // SQLite takes a string for a name where only a name can be: FROM 'a table'.
    const name = token.replace(QUOTED, "$1");
    if (TABLE.test(name)) return `selects from \${rows}, not from ${name}`;
    if (name.toLowerCase() === STORE) return `cannot name ${name}: it reaches the rows of its own store, and no others`;
  }
  return undefined;
}

/** A word of SQL as it is compared: names without their quotes, in lower case. */
export interface Word {
  readonly text: string;
  /** Where it is in the SQL. */
  readonly at: number;
  readonly end: number;
  /** The number of brackets that are open around it. */
  readonly depth: number;
  /** A name in quotes, or a string. */
  readonly isQuoted: boolean;
}

/** @throws {TypeError} when a bracket is closed that was not opened, or stays open */
export function wordsOf(sql: string): Word[] {
  const words: Word[] = [];
  let depth = 0;
  for (const { 0: token, index: at } of sql.matchAll(TOKEN)) {
    if (/^(?:\s|--|\/\*)/.test(token)) continue;
    if (token === ")" && --depth < 0) throw new TypeError(`SQL closes a bracket that it did not open: ${sql}`);
    words.push({ text: token.replace(QUOTED, "$1").toLowerCase(), at, end: at + token.length, depth, isQuoted: QUOTED.test(token) });
    if (token === "(") depth++;
  }
  if (depth > 0) throw new TypeError(`SQL opens a bracket that it does not close: ${sql}`);
  return words;
}

/** Functions that make a table from a value. */
const FUNCTIONS = ["json_each", "json_tree"];
/** Words that end the list of tables after FROM. */
const AFTER_TABLES = new Set([
  "where",
  "group",
  "order",
  "limit",
  "having",
  "window",
  "union",
  "except",
  "intersect",
  "select",
  "returning",
]);

/**
 * @param tables names that may be selected from, besides {@link FUNCTIONS} and what the SQL itself names by WITH
 * @throws {TypeError} when it selects from anything else
 */
export function requireTables(words: readonly Word[], tables: readonly string[]): void {
  const known = new Set([...tables, ...FUNCTIONS, ...namedByWith(words)]);
  /** Depths at which a list of tables is open. */
  const open = new Set<number>();
  for (const [index, { text, depth, isQuoted }] of words.entries()) {
    if (isQuoted) continue;
    const isDistinct = text === "from" && words[index - 1]?.text === "distinct" && /^(?:is|not)$/.test(words[index - 2]?.text ?? "");
    const isList = (text === "from" && !isDistinct) || text === "join";
    if (AFTER_TABLES.has(text)) open.delete(depth);
    if (text === ")") open.delete(depth + 1);
    if (isList) open.add(depth);
    // SQLite takes `IN a_table` for `IN (SELECT * FROM a_table)`. Brackets around tables are a list of tables too.
    if (isList || text === "in" || (text === "," && open.has(depth))) requireTable(words, index + 1, known, open);
  }
}

function requireTable(words: readonly Word[], index: number, known: ReadonlySet<string>, open: Set<number>): void {
  const next = words[index];
  if (!next) return;
  if (next.text === "(" && !next.isQuoted) {
    const inner = words[index + 1];
    if (words[index - 1]?.text === "in" || !inner || /^(?:select|with|values)$/.test(inner.text)) return;
    open.add(inner.depth);
    return requireTable(words, index + 1, known, open);
  }
  if (!known.has(next.text)) throw new TypeError(`SQL selects from \${rows} and from json_each(\${…}), not from ${next.text}`);
}

/** Names before `AS (`, with or without columns. */
function namedByWith(words: readonly Word[]): string[] {
  if (!words.some(({ text, isQuoted }) => text === "with" && !isQuoted)) return [];
  return words.flatMap(({ text, depth }, index) => {
    let next = index + 1;
    if (words[next]?.text === "(") next = words.findIndex((word, at) => at > next && word.text === ")" && word.depth === depth) + 1;
    const rest = words.slice(next, next + 4).map((word) => word.text);
    return /^as (?:not )?(?:materialized )?\(/.test(rest.join(" ")) ? [text] : [];
  });
}

/** What a rebuild would not compute the same again: random values, the clock, and what the database has done before. */
const VARYING =
  /^(?:random|randomblob|changes|total_changes|last_insert_rowid|sqlite_(?:version|source_id)|date|time|datetime|julianday|unixepoch|strftime|timediff)$/;
const CLOCK = /^current_(?:timestamp|date|time)$/;

/** @throws {TypeError} when the SQL would give another result at another time */
export function requireSameEveryTime(words: readonly Word[]): void {
  const varying = words.find(
    ({ text, isQuoted }, index) => (CLOCK.test(text) && !isQuoted) || (VARYING.test(text) && words[index + 1]?.text === "("),
  );
  if (varying) {
    throw new TypeError(
      `SQL that changes rows cannot use ${varying.text}: a rebuild would make other rows of the same event. Work it out in the handler, from the event`,
    );
  }
}

/** An identifier, safe in SQL whatever its characters. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
