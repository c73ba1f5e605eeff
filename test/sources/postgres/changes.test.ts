import { describe, expect, it } from "vitest";
import { ownServer } from "../own-server.ts";
import { Database, isMissing, serverUrl, told, valueOf } from "./database.ts";

describe.skipIf(isMissing)("changes of a table", () => {
  it("have the key, the row before where the log has it, and the row after", async () => {
    const database = await Database.make("CREATE TABLE stock (sku text PRIMARY KEY, units int)");
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await database.run("INSERT INTO stock VALUES ('a', 1)");
    await database.run("UPDATE stock SET units = 2 WHERE sku = 'a'");
    await database.run("UPDATE stock SET sku = 'b' WHERE sku = 'a'");
    await database.run("DELETE FROM stock WHERE sku = 'b'");
    await database.run("TRUNCATE stock");
    expect(told(await follower.drain())).toEqual([
      `insert "a" - {"sku":"a","units":1}`,
      `update "a" - {"sku":"a","units":2}`,
      `update "b" {"sku":"a"} {"sku":"b","units":2}`,
      `delete "b" {"sku":"b"} -`,
      "truncate - -",
    ]);
  });

  it("have all of the row before with REPLICA IDENTITY FULL, and the primary key as the key", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (units int, sku text PRIMARY KEY); ALTER TABLE stock REPLICA IDENTITY FULL; INSERT INTO stock VALUES (1, 'a')",
    );
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await database.run("UPDATE stock SET units = 2");
    await database.run("DELETE FROM stock");
    expect(told(await follower.drain())).toEqual([
      `update "a" {"units":1,"sku":"a"} {"units":2,"sku":"a"}`,
      `delete "a" {"units":2,"sku":"a"} -`,
    ]);
  });

  it("have the columns of the replica identity as the key, where that is another index", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (id serial PRIMARY KEY, sku text NOT NULL UNIQUE, units int); ALTER TABLE stock REPLICA IDENTITY USING INDEX stock_sku_key; INSERT INTO stock (sku, units) VALUES ('a', 1)",
    );
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await database.run("DELETE FROM stock");
    await follower.drain();
    expect(told(follower.stored)).toEqual([`snapshot "a" - {"id":1,"sku":"a","units":1}`, `delete "a" {"sku":"a"} -`]);
  });

  it("have the place and time of their transaction's commit, and are in its order", async () => {
    const database = await Database.make("CREATE TABLE stock (id int PRIMARY KEY)");
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    const other = await database.client();
    const begun = Date.now();
    await other.query("BEGIN; INSERT INTO stock VALUES (1); INSERT INTO stock VALUES (2)");
    await database.run("INSERT INTO stock VALUES (3)");
    await other.query("INSERT INTO stock VALUES (4); COMMIT");
    const changes = await follower.drain();
    expect(told(changes).map((line) => line.split(" ")[1])).toEqual(["3", "1", "2", "4"]);
    const { lsn, committedAt } = valueOf(changes[1]!);
    expect(lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    expect(committedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(Date.parse(changes[1]!.time!)).toBeGreaterThanOrEqual(begun - 1000);
    expect(changes.slice(1).map((change) => valueOf(change).lsn)).toEqual([lsn, lsn, lsn]);
    expect(changes.slice(1).map(({ position }) => position)).toEqual([`${lsn}/0`, `${lsn}/1`, `${lsn}/2`]);
  });

  it("leave out large values that an update did not touch, and name their columns", async () => {
    const database = await Database.make(
      "CREATE TABLE pages (id int PRIMARY KEY, title text, body text, note text); ALTER TABLE pages ALTER body SET STORAGE EXTERNAL; INSERT INTO pages VALUES (1, 'a', repeat('x', 10000), NULL)",
    );
    const follower = database.follow({ tables: ["pages"] });
    await follower.drain();
    await database.run("UPDATE pages SET title = 'b'");
    await database.run("UPDATE pages SET body = 'short'");
    const [first, second] = (await follower.drain()).map(valueOf);
    expect(first).toMatchObject({ op: "update", after: { id: 1, title: "b", note: null }, unchanged: ["body"] });
    expect("body" in first!.after!).toBe(false);
    expect(second!.after).toEqual({ id: 1, title: "b", body: "short", note: null });
    expect(second).not.toHaveProperty("unchanged");
  });

  it("of one large transaction arrive in pieces, each once, even after crashes within it", async () => {
    const database = await Database.make("CREATE TABLE stock (id int PRIMARY KEY, filling text)");
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await database.run("INSERT INTO stock SELECT i, repeat('x', 100) FROM generate_series(1, 30000) AS i");
    await database.run("INSERT INTO stock VALUES (0)");
    await follower.step(1_000);
    expect(follower.stored).toHaveLength(1_000);
    await follower.step(1_000, "while-storing");
    await follower.step(1_000, "before-acknowledging");
    // What the cursor has is not read again.
    const connection = await follower.connect();
    expect(valueOf((await connection.read(10)).changes[0]!).key.id).toBe(2_001);
    await connection.close();
    await follower.drain(4_000);
    expect(follower.stored.map((change) => valueOf(change).key.id)).toEqual([...Array.from({ length: 30_000 }, (_, at) => at + 1), 0]);
  });

  it("come even behind so many that are not acknowledged yet that a reading finds nothing else", async () => {
    const database = await Database.make("CREATE TABLE stock (id int PRIMARY KEY)");
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    // A reading ends after 20,000 messages of the server, with their transaction.
    await database.run("INSERT INTO stock SELECT generate_series(1, 20000)");
    await database.run("INSERT INTO stock VALUES (0)");
    await follower.step(20_001, "before-acknowledging");
    expect(follower.stored).toHaveLength(20_000);
    // The slot is still before them, and stays there.
    const connection = await follower.connect();
    expect(await connection.read(100)).toMatchObject({ changes: [], hasMore: true });
    expect(told((await connection.read(100)).changes)).toEqual([`insert 0 - {"id":0}`]);
    await connection.close();
  });

  it("wait for a synchronous standby, as everybody else does who reads the table", async () => {
    const database = await Database.make("CREATE TABLE stock (id int PRIMARY KEY)", serverUrl((await ownServer("postgres")).url));
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await database.run("ALTER SYSTEM SET synchronous_standby_names = 'none_such'");
    await database.run("SELECT pg_reload_conf()");
    const writer = await database.client();
    await expect
      .poll(() => writer.query("SHOW synchronous_standby_names").then(({ rows }) => rows as unknown))
      .toEqual([{ synchronous_standby_names: "none_such" }]);
    const written = writer.query("INSERT INTO stock VALUES (1)");
    await expect.poll(() => database.run("SELECT 1 AS one FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).toEqual([{ one: 1 }]);
    // It is in the log, and nobody sees it.
    expect(await database.run("SELECT * FROM stock")).toEqual([]);
    expect(await follower.drain()).toEqual([]);
    await database.run("ALTER SYSTEM RESET synchronous_standby_names");
    await database.run("SELECT pg_reload_conf()");
    await written;
    expect(told(await follower.drain())).toEqual([`insert 1 - {"id":1}`]);
  });

  it("of rows that are too large for an event are marked as such, and the next ones follow", async () => {
    const database = await Database.make(
      "CREATE TABLE pages (id int PRIMARY KEY, body text); ALTER TABLE pages ALTER body SET STORAGE EXTERNAL; INSERT INTO pages VALUES (0, repeat('x', 3000000))",
    );
    const follower = database.follow({ tables: ["pages"] });
    const [before] = await follower.drain();
    expect(before!.unreadable).toBe("the row of public.pages has 3000004 bytes, which is more than an event can have");
    expect(valueOf(before!)).toEqual({ table: "public.pages", op: "snapshot", key: { id: 0 } });
    await database.run("INSERT INTO pages VALUES (1, repeat('x', 3000000)); INSERT INTO pages VALUES (2, 'short')");
    const [large, small] = await follower.drain();
    expect(large!.unreadable).toBe("the row of public.pages has 3000019 bytes, which is more than an event can have");
    expect(valueOf(large!)).toMatchObject({ table: "public.pages", op: "insert", key: {} });
    expect(valueOf(small!).after).toEqual({ id: 2, body: "short" });
  });

  it("follow the table while its shape changes", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (id int PRIMARY KEY, units int, old text); INSERT INTO stock VALUES (1, 1, 'x')",
    );
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await database.run("CREATE TYPE size AS ENUM ('s', 'l')");
    for (const sql of [
      "ALTER TABLE stock ADD COLUMN size size[] DEFAULT '{s}'",
      "UPDATE stock SET units = 2",
      "ALTER TABLE stock DROP COLUMN old",
      "UPDATE stock SET units = 3",
      "ALTER TABLE stock RENAME COLUMN units TO pieces",
      "ALTER TABLE stock ALTER COLUMN pieces TYPE text",
      "UPDATE stock SET pieces = 'many'",
      "ALTER TABLE stock RENAME COLUMN id TO number",
      "DELETE FROM stock",
    ])
      await database.run(sql);
    expect(told(await follower.drain())).toEqual([
      `update 1 - {"id":1,"units":2,"old":"x","size":["s"]}`,
      `update 1 - {"id":1,"units":3,"size":["s"]}`,
      `update 1 - {"id":1,"pieces":"many","size":["s"]}`,
      `delete 1 {"number":1} -`,
    ]);
  });

  it("of a partitioned table have its own name", async () => {
    const database = await Database.make(
      "CREATE TABLE sales (id int PRIMARY KEY, units int) PARTITION BY RANGE (id); CREATE TABLE sales_1 PARTITION OF sales FOR VALUES FROM (0) TO (10); INSERT INTO sales VALUES (1, 1)",
    );
    const follower = database.follow({ tables: ["sales"] });
    await follower.drain();
    await database.run("CREATE TABLE sales_2 PARTITION OF sales FOR VALUES FROM (10) TO (20)");
    await database.run("INSERT INTO sales VALUES (11, 1)");
    await follower.drain();
    expect(follower.stored.map(valueOf).map(({ table, op, key }) => [table, op, key.id])).toEqual([
      ["public.sales", "snapshot", 1],
      ["public.sales", "insert", 11],
    ]);
  });

  it("of tables and columns whose names need quotes are like others", async () => {
    const database = await Database.make(
      `CREATE SCHEMA "My ""shop"""; CREATE TABLE "My ""shop"""."the.Stock" ("a b" int, "constructor" int, "c;'d" text, PRIMARY KEY ("a b", "constructor")); INSERT INTO "My ""shop"""."the.Stock" VALUES (1, 2, '')`,
    );
    const follower = database.follow({ tables: ['My "shop".the.Stock'], publication: `odd "name'` });
    await follower.drain();
    await database.run(`UPDATE "My ""shop"""."the.Stock" SET "c;'d" = 'x'`);
    await follower.drain();
    expect(told(follower.stored)).toEqual([
      `snapshot 1 2 - {"a b":1,"constructor":2,"c;'d":""}`,
      `update 1 2 - {"a b":1,"constructor":2,"c;'d":"x"}`,
    ]);
  });

  it("of a table that was dropped end with a warning, and others go on; once the table is made again, they begin again", async () => {
    const database = await Database.make("CREATE TABLE stock (id int PRIMARY KEY); CREATE TABLE shelves (id int PRIMARY KEY)");
    const follower = database.follow({ tables: ["stock", "shelves"] });
    await follower.drain();
    await database.run("INSERT INTO stock VALUES (1)");
    await database.run("DROP TABLE stock; INSERT INTO shelves VALUES (1)");
    await follower.disconnect();
    await follower.drain();
    await follower.disconnect();
    const connection = await follower.connect();
    expect((await connection.read(10)).warning).toBe("public.stock is not there any more (dropped or renamed), so no changes of it come");
    await connection.close();
    await database.run("CREATE TABLE stock (id int PRIMARY KEY); INSERT INTO stock VALUES (1)");
    await follower.drain();
    expect(follower.stored.map(valueOf).map(({ table, op }) => `${table} ${op}`)).toEqual([
      "public.stock insert",
      "public.shelves insert",
      "public.stock snapshot",
    ]);
  });
});
