/** SQL that users write: what is refused before any database sees it. What the database then makes of it is in test/workers/views. */

import { describe, expect, it } from "vitest";
import { requireTables, wordsOf } from "../../../src/definitions/views/sql-words.ts";
import { sql } from "../../../src/definitions/views/sql.ts";
import { rowWriter } from "../../../src/definitions/views/row-writer.ts";

/** The template as the tag gets it, made of one text. */
const fragment = (text: string) => sql(Object.assign([text], { raw: [text] }));
const words = (text: string) => wordsOf(fragment(text).render(1).text);

/** One to a space: SQL takes white space anywhere in them. */
const VARYING = [
  `random() RANDOM() random/**/() "random"() [random]() \`Random\`() abs(random()) hex(randomblob(8)) changes() total_changes()`,
  `CURRENT_TIMESTAMP current_date Current_Time datetime('now') date() time() strftime('%s','now') unixepoch() julianday(level)`,
  `timediff(level,'now') last_insert_rowid() sqlite_version()`,
]
  .flatMap((some) => some.split(" "))
  .concat("RANDOM ( )", "time(  )", "random -- one\n ()", "(SELECT max(random()) FROM json_each('[1]'))");

describe("a piece of SQL", () => {
  it.each(["0) OR (1", "1)", "(1", ")(", "(1))", "1) --\n OR (1", "1 /* ( */)", "')' || (1", '")" = 1)', "CASE WHEN (1 THEN 2) END)"])(
    "has its brackets in pairs, or is refused: %s",
    (text) => expect(() => fragment(text)).toThrow(TypeError),
  );

  it.each(["_store = 'x'", '"_store" = 1', "`_STORE` = 1", "[_Store] = 1", "rows._store = 1", "(SELECT _store)", "'_store' = 1"])(
    "does not name the column with a row's store: %s",
    (text) => expect(() => fragment(text)).toThrow("reaches the rows of its own store"),
  );

  it.each(["", "(1)", "')'", "'('", '"("', "[(]", "/* ) */ 1", "1 -- )\n", "a_store = 1", "level > 1 AND (a OR b)"])(
    "may have brackets in pairs, in strings and in comments: %s",
    (text) => expect(() => fragment(text)).not.toThrow(),
  );
});

describe("SQL that changes rows", () => {
  it.each(VARYING)("has the same result every time, or is refused: %s", (text) => {
    const refusal = /SQL (?:that changes rows cannot use|selects from)/;
    expect(() => rowWriter.update(fragment(`level = ${text}`), sql`1`)).toThrow(refusal);
    expect(() => rowWriter.update(sql`level = 1`, fragment(`level = ${text}`))).toThrow(refusal);
    expect(() => rowWriter.remove(fragment(`level = ${text}`))).toThrow(refusal);
  });

  it.each(["random = 1", "date < '2026'", "time = ''", "note = 'CURRENT_TIMESTAMP'", 'note = "current_date"', "note = 'random()'"])(
    "may use columns and strings with such names: %s",
    (text) => expect(() => rowWriter.remove(fragment(text))).not.toThrow(),
  );

  it("cannot be changed by a value: bound values are not SQL", () => {
    expect(() => rowWriter.remove(sql`note = ${"random()"} AND note <> ${"CURRENT_TIMESTAMP"}`)).not.toThrow();
  });
});

describe("tables that SQL selects from", () => {
  it.each([
    "SELECT 1 FROM other",
    'SELECT 1 FROM "other"',
    "SELECT 1 FROM 'other'",
    "SELECT 1 FROM main.other",
    "SELECT 1 FROM rows, other",
    "SELECT 1 FROM rows AS r, other AS o",
    "SELECT 1 FROM rows JOIN other ON 1",
    "SELECT 1 FROM rows LEFT JOIN rows AS b ON a = b, other",
    "SELECT 1 FROM (other)",
    "SELECT 1 FROM (rows, other)",
    "SELECT 1 FROM ((rows) JOIN other)",
    "SELECT (SELECT 1 FROM other) FROM rows",
    "SELECT 1 FROM rows WHERE a IN other",
    "SELECT 1 FROM rows WHERE a NOT IN other",
    "SELECT 1 FROM rows WHERE a IN (SELECT b FROM other)",
    "SELECT 1 FROM rows UNION SELECT 1 FROM other",
    "SELECT 1 FROM json_each('[]'), other",
    "SELECT 1 FROM rows ORDER BY (SELECT 1 FROM other)",
    "WITH n AS (SELECT 1 FROM other) SELECT 1 FROM n",
    "WITH n AS (SELECT 1) SELECT 1 FROM n, other",
    "SELECT 1 FROM -- rows\n other",
    "SELECT 1 FROM dbstat",
  ])("are only those that it was given: %s", (text) => expect(() => requireTables(words(text), ["rows"])).toThrow("not from"));

  it.each(["SELECT 1 FROM", "SELECT a FROM rows,", "SELECT a FROM rows WHERE a IN", "SELECT a FROM rows JOIN"])(
    "are left to the database where the SQL ends before their name: %s",
    (text) => expect(() => requireTables(words(text), ["rows"])).not.toThrow(),
  );

  it.each([
    "SELECT a, b, c FROM rows",
    "SELECT a FROM ROWS AS r, json_each(r.list, '$.x'), json_tree(list) WHERE a IN (1, 2), b",
    "SELECT a FROM rows r JOIN (SELECT b, c FROM rows) USING (b), rows AS s GROUP BY a, b HAVING c ORDER BY a, b LIMIT 1, 2",
    "SELECT a IS NOT DISTINCT FROM b, c IS DISTINCT FROM d, e FROM (rows AS x), rows",
    "WITH RECURSIVE n (i, j) AS (SELECT 1, 2 UNION ALL SELECT i + 1, j FROM n WHERE i < 3), m AS MATERIALIZED (SELECT i FROM n) SELECT i, a FROM m, rows",
    "SELECT sum(a) OVER w, b FROM rows WINDOW w AS (PARTITION BY a, b ORDER BY c, d)",
    "VALUES (1), (2)",
    "SELECT 'FROM other', \"from\", [join] FROM rows",
    "SELECT a FROM rows WHERE a IN (VALUES (1), (2)) AND EXISTS (SELECT 1 FROM rows AS b, rows AS c)",
  ])("may be the view's rows, values, and what the SQL itself defines: %s", (text) =>
    expect(() => requireTables(words(text), ["rows"])).not.toThrow(),
  );
});
