import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/core/event.ts";
import type { Change } from "../../../src/definitions/sources/kind.ts";
import { Database, isMissing, told, valueOf } from "./database.ts";

/** How many of the statements let every row stay where it is. */
const KEPT = 3;

/** The table as a reader of the stream has it: the last state of each row, by key. */
function folded(changes: readonly Change[]): ReadonlyMap<string, JsonValue> {
  const rows = new Map<string, JsonValue>();
  const keyOf = (key: object) => JSON.stringify(key);
  for (const { op, key, before, after, unchanged = [] } of changes.map(valueOf)) {
    if (op === "truncate") rows.clear();
    else {
      const earlier = before && "id" in before ? { id: before.id } : key;
      const was = rows.get(keyOf(earlier)) as object | undefined;
      if (op === "delete" || keyOf(earlier) !== keyOf(key)) rows.delete(keyOf(earlier));
      const kept = Object.fromEntries(Object.entries(was ?? {}).filter(([column]) => unchanged.includes(column)));
      if (after) rows.set(keyOf(key), { ...kept, ...after });
    }
  }
  return rows;
}

describe.skipIf(isMissing)("the snapshot of a table", () => {
  it("comes before its changes, in pages by key, each row once", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (sku text, shelf int, units int, PRIMARY KEY (sku, shelf)); INSERT INTO stock SELECT 'sku ' || i / 10, i % 10, i FROM generate_series(0, 249) AS i",
    );
    const follower = database.follow({ tables: ["stock"] });
    const changes = await follower.drain(40);
    expect(changes).toHaveLength(250);
    expect(new Set(changes.map(({ value }) => JSON.stringify(value.key))).size).toBe(250);
    expect(valueOf(changes[0]!)).toEqual({
      table: "public.stock",
      op: "snapshot",
      key: { sku: "sku 0", shelf: 0 },
      after: { sku: "sku 0", shelf: 0, units: 0 },
    });
    await database.run("UPDATE stock SET units = -1 WHERE sku = 'sku 0' AND shelf = 0");
    expect(told(await follower.drain())).toEqual([`update "sku 0" 0 - {"sku":"sku 0","shelf":0,"units":-1}`]);
  });

  it("is left out with start: now", async () => {
    const database = await Database.make("CREATE TABLE stock (id int PRIMARY KEY); INSERT INTO stock VALUES (1)");
    const follower = database.follow({ tables: ["public.stock"], start: "now" });
    expect(await follower.drain()).toEqual([]);
    await database.run("INSERT INTO stock VALUES (2)");
    expect(told(await follower.drain())).toEqual([`insert 2 - {"id":2}`]);
  });

  it("goes on after a crash within a table, and has no unchanged row twice", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (id int PRIMARY KEY, units int); INSERT INTO stock SELECT i, 0 FROM generate_series(1, 100) AS i",
    );
    const follower = database.follow({ tables: ["stock"] });
    for (const crash of ["while-storing", "before-storing", "before-acknowledging", "while-storing"] as const) {
      await follower.step(10);
      await follower.step(10);
      await follower.step(10, crash);
    }
    await follower.drain(10);
    expect(told(follower.stored)).toEqual(Array.from({ length: 100 }, (_, at) => `snapshot ${at + 1} - {"id":${at + 1},"units":0}`));
  });

  it("leaves out rows that were written since it began: they arrive as changes, once each", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (id int PRIMARY KEY, units int); INSERT INTO stock SELECT i, 0 FROM generate_series(1, 4) AS i",
    );
    const follower = database.follow({ tables: ["stock"] });
    // Its first steps claim the slot and make it.
    await follower.step();
    await follower.step();
    await database.run("UPDATE stock SET units = 1 WHERE id = 1");
    await database.run("UPDATE stock SET units = 2 WHERE id = 1");
    await database.run("DELETE FROM stock WHERE id = 3");
    await database.run("INSERT INTO stock VALUES (5, 1)");
    await follower.step(10, "while-storing");
    await database.run("DELETE FROM stock WHERE id = 2");
    await follower.drain();
    expect(told(follower.stored)).toEqual([
      `snapshot 2 - {"id":2,"units":0}`,
      `snapshot 4 - {"id":4,"units":0}`,
      `update 1 - {"id":1,"units":1}`,
      `update 1 - {"id":1,"units":2}`,
      `delete 3 {"id":3} -`,
      `insert 5 - {"id":5,"units":1}`,
      `delete 2 {"id":2} -`,
    ]);
  });

  it("has the rows of a table that was rewritten since it began, although they look like new ones", async () => {
    const database = await Database.make("CREATE TABLE stock (id int PRIMARY KEY, units int); INSERT INTO stock VALUES (1, 0), (2, 0)");
    const follower = database.follow({ tables: ["stock"] });
    await follower.step();
    await follower.step();
    await database.run("UPDATE stock SET units = 1 WHERE id = 1");
    await database.run("ALTER TABLE stock ALTER units TYPE text");
    await follower.drain();
    expect(told(follower.stored)).toEqual([`snapshot 1 - {"id":1,"units":"1"}`, `snapshot 2 - {"id":2,"units":"0"}`]);
  });

  it("has a large row in its current form, in place of the changes that led to it, even after a crash", async () => {
    const database = await Database.make(
      `CREATE TABLE stock (id int PRIMARY KEY, units int, large text DEFAULT repeat('x', 3000)); ALTER TABLE stock ALTER large SET STORAGE EXTERNAL; INSERT INTO stock SELECT i, 0 FROM generate_series(1, 3) AS i`,
    );
    const follower = database.follow({ tables: ["stock"] });
    // Its first steps claim the slot and make it.
    await follower.step();
    await follower.step();
    // These are in the slot, and the page will have seen them.
    await database.run("UPDATE stock SET units = 1 WHERE id = 1");
    await database.run("UPDATE stock SET id = 20 WHERE id = 2");
    await database.run("DELETE FROM stock WHERE id = 3");
    await database.run("INSERT INTO stock VALUES (4, 1)");
    await follower.step(10, "before-acknowledging");
    await database.run("UPDATE stock SET units = 2 WHERE id = 1");
    await follower.drain();
    expect(told(follower.stored).map((line) => line.replace(/,"large":"x+"/, ""))).toEqual([
      `snapshot 1 - {"id":1,"units":1}`,
      `snapshot 4 - {"id":4,"units":1}`,
      `snapshot 20 - {"id":20,"units":0}`,
      // The page has the row under its new key, so only the old key is left of the update.
      `delete 2 {"id":2} -`,
      `delete 3 {"id":3} -`,
      `update 1 - {"id":1,"units":2}`,
    ]);
  });

  it("ends in an idle database, although the end of its log is not on the disk by itself", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (id int PRIMARY KEY, large text); ALTER TABLE stock ALTER large SET STORAGE EXTERNAL; CREATE TABLE other (id int)",
    );
    const follower = database.follow({ tables: ["stock"] });
    await follower.step();
    await follower.step();
    await database.run("INSERT INTO stock VALUES (1, repeat('x', 3000))");
    // What a transaction has written that does not end reaches the disk with the next commit only, and nobody else commits.
    const writer = await database.client();
    await writer.query("BEGIN; INSERT INTO other VALUES (1)");
    let steps = 0;
    while (!(await follower.step()).isAtEnd) expect(++steps).toBeLessThan(8);
    await writer.query("ROLLBACK");
    expect(follower.stored.map((change) => valueOf(change)).map(({ op, key }) => [op, key.id])).toEqual([["snapshot", 1]]);
  });

  it("begins again when the table is emptied while a page is read", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (id int PRIMARY KEY, units int); INSERT INTO stock SELECT i, 0 FROM generate_series(1, 3) AS i",
    );
    const follower = database.follow({ tables: ["stock"] });
    await follower.step();
    await follower.step();
    await database.run("TRUNCATE stock");
    await database.run("INSERT INTO stock VALUES (2, 5)");
    await follower.drain();
    expect([...folded(follower.stored).values()]).toEqual([{ id: 2, units: 5 }]);
  });

  it("includes a table that is added to the definition later, while the others go on", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (id int PRIMARY KEY); CREATE TABLE shelves (id int PRIMARY KEY); INSERT INTO shelves VALUES (7)",
    );
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await follower.disconnect();
    const both = database.follow({ tables: ["stock", "shelves"] });
    both.cursor = follower.cursor;
    await database.run("INSERT INTO stock VALUES (1)");
    await both.drain();
    await database.run("INSERT INTO shelves VALUES (8)");
    await both.drain();
    expect(
      both.stored
        .map(valueOf)
        .map(({ table, op, key }) => `${table} ${op} ${String(key.id as number)}`)
        .toSorted(),
    ).toEqual(["public.shelves insert 8", "public.shelves snapshot 7", "public.stock insert 1"]);
  });

  const CRASHES = ["before-storing", "while-storing", "before-acknowledging"] as const;

  it.for([
    ["whatever is written in the meantime and wherever it crashes", { writes: "all", crashes: CRASHES, isOrdered: false }],
    // A row that was stored of half a page, and is deleted before that page is read again, is all that may show older states again: decision 0047.
    ["and its states in order, if no page is stored by half", { writes: "all", crashes: [CRASHES[0], CRASHES[2]], isOrdered: true }],
    ["and its states in order, wherever it crashes, if no row disappears", { writes: "kept", crashes: CRASHES, isOrdered: true }],
    [
      "and each of its states once, in order, if rows are small and the table keeps its file",
      { writes: "rows", crashes: CRASHES, isOrdered: true, isSmall: true },
    ],
  ] as const)("ends, with the changes, in the last state of each row, %s", async ([, { writes, crashes, isOrdered, ...more }]) => {
    const size = "isSmall" in more ? 10 : 3_000;
    const database = await Database.make(
      `CREATE TABLE stock (id text PRIMARY KEY, version serial, large text);
       ALTER TABLE stock ALTER COLUMN large SET STORAGE EXTERNAL;
       INSERT INTO stock (id, large) SELECT 'k' || i, repeat('x', ${size}) FROM generate_series(1, 60) AS i`,
    );
    const writers = await Promise.all([database.client(), database.client()]);
    const over = new AbortController();
    const random = (below: number) => Math.floor(Math.random() * below);
    const statements = [
      (id: number) => `UPDATE stock SET version = nextval('stock_version_seq') WHERE id = 'k${id}'`,
      (id: number) =>
        `UPDATE stock SET version = nextval('stock_version_seq'), large = repeat('${random(10)}', ${size}) WHERE id = 'k${id}'`,
      (id: number) => `INSERT INTO stock (id, large) VALUES ('k${id}', repeat('n', ${size})) ON CONFLICT DO NOTHING`,
      (id: number) => `DELETE FROM stock WHERE id = 'k${id}'`,
      (id: number) =>
        `UPDATE stock SET id = 'k${id + 100}', version = nextval('stock_version_seq') WHERE id = 'k${id}' AND NOT EXISTS (SELECT FROM stock WHERE id = 'k${id + 100}')`,
      (id: number) =>
        `UPDATE stock SET id = 'k${id}', version = nextval('stock_version_seq') WHERE id = 'k${id + 100}' AND NOT EXISTS (SELECT FROM stock WHERE id = 'k${id}')`,
    ];
    const writing = writers.map(async (writer) => {
      while (!over.signal.aborted) {
        const count = 1 + random(3);
        // The lock makes the order of the versions that of the commits: else a statement takes a version, and then waits for the row.
        const transaction = Array.from({ length: count }, () => 1 + random(60)).flatMap((id) => [
          `SELECT pg_advisory_xact_lock(${id})`,
          statements[random(writes === "kept" ? KEPT : statements.length)]!(id),
        ]);
        const rare = writes === "all" && random(60) === 0 ? ["TRUNCATE stock"] : [];
        // Two writers may wait for each other, or insert the same key: then one is refused, which is as good.
        await writer
          .query(["BEGIN", ...transaction, ...rare, random(8) === 0 ? "ROLLBACK" : "COMMIT"].join("; "))
          .catch(() => writer.query("ROLLBACK"));
      }
    });
    const follower = database.follow({ tables: ["stock"] });
    for (let step = 0; step < 40; step++)
      await follower.untilWorks(() => follower.step(7, random(2) === 0 ? undefined : crashes[random(crashes.length)]));
    over.abort();
    await Promise.all(writing);
    await follower.untilWorks(() => follower.drain());

    const rows = await database.run("SELECT id, version, large FROM stock ORDER BY id");
    const seen = folded(follower.stored);
    expect([...seen.values()].toSorted((a, b) => ((a as { id: string }).id < (b as { id: string }).id ? -1 : 1))).toEqual(rows);
    if (!isOrdered) return;
    const states = follower.stored.map(valueOf).flatMap(({ after }) => (after ? [`${after.id as string} ${after.version as number}`] : []));
    if ("isSmall" in more) expect(states.filter((state, at) => states.indexOf(state) !== at)).toEqual([]);
    // No older state of a row ever follows a newer one.
    const versions = new Map<string, number>();
    for (const { op, after } of follower.stored.map(valueOf)) {
      // Then the table begins again.
      if (op === "truncate") versions.clear();
      if (!after) continue;
      const id = after.id as string;
      expect(after.version).toBeGreaterThanOrEqual(versions.get(id) ?? 0);
      versions.set(id, after.version as number);
    }
  });
});
