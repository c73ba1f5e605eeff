import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/core/event.ts";
import { Database, isMissing, valueOf } from "./database.ts";

/** Types, and SQL of a value with the JSON that it should be. */
const VALUES: readonly (readonly [type: string, sql: string, json: JsonValue])[] = [
  ["bool", "true", true],
  ["bool", "false", false],
  ["int2", "-32768", -32768],
  ["int4", "2147483647", 2147483647],
  ["int8", "9223372036854775807", "9223372036854775807"],
  ["oid", "4294967295", 4294967295],
  ["numeric", "12345678901234567890.12345678901234567890", "12345678901234567890.12345678901234567890"],
  ["numeric", "'NaN'", "NaN"],
  ["numeric", "1.10", "1.10"],
  ["float4", "0.1", 0.1],
  ["float8", "0.1::float8 + 0.2::float8", 0.30000000000000004],
  ["float8", "'-0'", 0],
  ["float8", "'Infinity'", "Infinity"],
  ["float8", "'NaN'", "NaN"],
  ["float8", "1e300", 1e300],
  ["money", "12.5", "$12.50"],
  ["text", "''", ""],
  ["text", "E'quote '' back \\\\ tab \\t bell \\x07 \u{1f600}'", "quote ' back \\ tab \t bell \u0007 \u{1f600}"],
  ["varchar(5)", "'abc'", "abc"],
  ["char(5)", "'abc'", "abc  "],
  ['"char"', "'x'", "x"],
  ["name", "'name'", "name"],
  ["bytea", "'\\x00ff10'", "AP8Q"],
  ["bytea", "''", ""],
  ["date", "'2026-11-27'", "2026-11-27"],
  ["date", "'0044-03-15 BC'", "0044-03-15 BC"],
  ["date", "'infinity'", "infinity"],
  ["time", "'10:20:30.5'", "10:20:30.5"],
  ["timetz", "'10:20:30+02'", "10:20:30+02"],
  ["timestamp", "'2026-11-27 10:20:30.123456'", "2026-11-27T10:20:30.123456"],
  ["timestamp", "'-infinity'", "-infinity"],
  ["timestamptz", "'2026-11-27 10:20:30+02'", "2026-11-27T08:20:30Z"],
  ["timestamptz", "'0044-03-15 12:00:00+00 BC'", "0044-03-15 12:00:00+00 BC"],
  ["timestamptz", "'12026-01-01 00:00:00+00'", "12026-01-01 00:00:00+00"],
  ["interval", "'1 day 2 hours'", "P1DT2H"],
  ["uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  ["json", `'{"b": 1, "a": [1.50, null, true]}'`, { b: 1, a: [1.5, null, true] }],
  [
    "jsonb",
    `'{"n": 12345678901234567890, "m": 0.1, "e": 1e400, "z": -0.0}'`,
    { n: "12345678901234567890", m: 0.1, e: `1${"0".repeat(400)}`, z: 0 },
  ],
  ["jsonb", "'9007199254740993'", "9007199254740993"],
  ["jsonb", "'9007199254740992'", 9007199254740992],
  ["jsonb", "'null'", null],
  ["jsonb", `'"text"'`, "text"],
  ["jsonb", `'{"__proto__": 1}'`, JSON.parse('{"__proto__": 1}') as JsonValue],
  ["inet", "'10.0.0.1'", "10.0.0.1"],
  ["cidr", "'10.0.0.0/8'", "10.0.0.0/8"],
  ["macaddr", "'08:00:2b:01:02:03'", "08:00:2b:01:02:03"],
  ["bit(3)", "B'101'", "101"],
  ["xml", "'<a>1</a>'", "<a>1</a>"],
  ["point", "'(1,2)'", "(1,2)"],
  ["tsvector", "'a b'", "'a' 'b'"],
  ["int4range", "'[1,5)'", "[1,5)"],
  ["int2vector", "'1 2'", "1 2"],
  ["mood", "'so-so, \"really\"'", 'so-so, "really"'],
  ["shelf", "5", 5],
  ["deep_shelf", "5", 5],
  ["labels", "ARRAY['a', NULL]", ["a", null]],
  ["place", "ROW(1, 'a b')", '(1,"a b")'],
  ["int4[]", "'{}'", []],
  ["int4[]", "'{1,NULL,3}'", [1, null, 3]],
  [
    "int4[]",
    "'{{1,2},{3,4}}'",
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ["int4[]", "'[0:1]={1,2}'", [1, 2]],
  ["int8[]", "'{9007199254740993}'", ["9007199254740993"]],
  [
    "text[]",
    `ARRAY['a,b', 'say "hi"', 'back\\slash', '', 'NULL', NULL, '{}', ' x ']`,
    ["a,b", 'say "hi"', "back\\slash", "", "NULL", null, "{}", " x "],
  ],
  ["bool[]", "'{t,f}'", [true, false]],
  ["float8[]", "'{1.5,NaN}'", [1.5, "NaN"]],
  ["timestamptz[]", "'{\"2026-11-27 10:20:30+02\"}'", ["2026-11-27T08:20:30Z"]],
  ["jsonb[]", `ARRAY['{"a": "b,}"}'::jsonb, 'null']`, [{ a: "b,}" }, null]],
  ["bytea[]", "ARRAY['\\x00ff'::bytea]", ["AP8="]],
  ["mood[]", "ARRAY['good'::mood, NULL]", ["good", null]],
  ["shelf[]", "ARRAY[1::shelf, 2]", [1, 2]],
  ["box[]", "'{(3,4),(1,2);(7,8),(5,6)}'", ["(3,4),(1,2)", "(7,8),(5,6)"]],
];

const TYPES = `CREATE TYPE mood AS ENUM ('good', 'so-so, "really"'); CREATE DOMAIN shelf AS int CHECK (value > 0); CREATE DOMAIN deep_shelf AS shelf;
CREATE DOMAIN labels AS text[]; CREATE TYPE place AS (x int, label text);`;

describe.skipIf(isMissing)("values of the database", () => {
  it("are JSON by the table of types, the same in a snapshot and in changes", async () => {
    const database = await Database.make(TYPES);
    const columns = VALUES.map(([type], at) => `c${at} ${type}`).join(", ");
    const values = VALUES.map(([type, sql]) => `(${sql})::${type}`).join(", ");
    await database.run(`CREATE TABLE odd (id int PRIMARY KEY, ${columns}); INSERT INTO odd VALUES (1, ${values})`);
    const follower = database.follow({ tables: ["odd"] });
    await follower.drain();
    await database.run(`INSERT INTO odd VALUES (2, ${values}); INSERT INTO odd (id) VALUES (3)`);
    await follower.drain();
    const [before, after, nothing] = follower.stored.map((change) => valueOf(change).after!);
    const wanted = Object.fromEntries(VALUES.map(([, , json], at) => [`c${at}`, json]));
    expect(before).toEqual({ id: 1, ...wanted });
    expect(after).toEqual({ id: 2, ...wanted });
    expect(JSON.stringify(after).replace('"id":2', '"id":1')).toBe(JSON.stringify(before));
    // NULL is null; only what the log does not say is absent.
    expect(nothing).toEqual({ id: 3, ...Object.fromEntries(VALUES.map((_, at) => [`c${at}`, null])) });
  });

  it("do not depend on the output settings of the role, the database or the server", async () => {
    const database = await Database.make();
    await database.run(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Kolkata''', current_database());
       EXECUTE format('ALTER DATABASE %I SET datestyle = ''German''', current_database());
       EXECUTE format('ALTER DATABASE %I SET intervalstyle = ''sql_standard''', current_database());
       EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -10', current_database());
       EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database()); END $$`,
    );
    const row = "timestamptz '2026-11-27 10:00:00+00', date '2026-11-27', interval '1 day', 0.1::float8 + 0.2::float8, bytea '\\x00ff'";
    await database.run(
      `CREATE TABLE odd (id int PRIMARY KEY, a timestamptz, b date, c interval, d float8, e bytea); INSERT INTO odd VALUES (1, ${row})`,
    );
    const follower = database.follow({ tables: ["odd"] });
    await follower.drain();
    await database.run(`INSERT INTO odd VALUES (2, ${row})`);
    await follower.drain();
    const wanted = { a: "2026-11-27T10:00:00Z", b: "2026-11-27", c: "P1D", d: 0.30000000000000004, e: "AP8=" };
    expect(follower.stored.map((change) => valueOf(change).after)).toEqual([
      { id: 1, ...wanted },
      { id: 2, ...wanted },
    ]);
  });

  it("arrive as they were written, whatever characters, arrays and JSON they are", async () => {
    const database = await Database.make("CREATE TABLE odd (id int PRIMARY KEY, t text, a text[], j jsonb, b bytea)");
    // What the database cannot have: the character 0, and lone surrogates.
    const text = fc.string({ unit: "grapheme" }).map((given) => given.replaceAll("\0", ""));
    const escaped = fc.constantFrom("\\", '"', "'", ",", "{", "}", "NULL", "\n", "\u0001", "\u{10ffff}", "\\x", ";", " ");
    const odd = fc.array(fc.oneof(text, escaped), { maxLength: 6 }).map((parts) => parts.join(""));
    const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value).replaceAll("\\u0000", "")) as JsonValue);
    const rows = fc.sample(fc.tuple(odd, fc.array(fc.option(odd), { maxLength: 5 }), json, fc.uint8Array({ maxLength: 20 })), 150);
    const client = await database.client();
    const insert = async (offset: number) => {
      for (const [at, [t, a, j, b]] of rows.entries())
        await client.query("INSERT INTO odd VALUES ($1, $2, $3, $4, $5)", [offset + at, t, a, JSON.stringify(j), Buffer.from(b)]);
    };
    await insert(0);
    const follower = database.follow({ tables: ["odd"] });
    await follower.drain(1_000);
    await insert(1_000);
    await follower.drain(1_000);
    const plain = (value: JsonValue) => JSON.parse(JSON.stringify(value, (_key, part: unknown) => (part === 0 ? 0 : part))) as JsonValue;
    const wanted = rows.map(([t, a, j, b]) => ({ t, a, j: plain(j), b: Buffer.from(b).toString("base64") }));
    const seen = follower.stored.map((change) => {
      const { id: _, ...row } = valueOf(change).after!;
      return row;
    });
    expect(seen).toEqual([...wanted, ...wanted]);
  });
});
