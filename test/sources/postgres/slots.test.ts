import { describe, expect, inject, it } from "vitest";
import type { JsonObject } from "../../../src/core/event.ts";
import { SourceStopped } from "../../../src/definitions/sources/kind.ts";
import { postgres } from "../../../src/sources/postgres/index.ts";
import { ownServer } from "../own-server.ts";
import { Database, isMissing, serverUrl, told } from "./database.ts";

const STOCK = "CREATE TABLE stock (id int PRIMARY KEY)";

async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(SourceStopped);
  return (error as Error).message;
}

describe.skipIf(isMissing)("the slot of a source", () => {
  it("is made with the source, like its publication, for its tables only, and dropped with it", async () => {
    const database = await Database.make(`${STOCK}; CREATE TABLE other (id int PRIMARY KEY)`);
    const follower = database.follow({ tables: ["stock"] }, { store: "shop-1", source: "Stock.Table" });
    await follower.drain();
    const [record] = await database.run("SELECT slot, source, made_slot, made_publication FROM headspring.source_slots");
    expect(record).toEqual({
      slot: expect.stringMatching(/^headspring_shop_1_stock_table_[a-z0-9]{8}$/) as string,
      source: "shop-1/Stock.Table",
      made_slot: true,
      made_publication: record!.slot,
    });
    expect(await database.run("SELECT tablename FROM pg_publication_tables")).toEqual([{ tablename: "stock" }]);
    await follower.forget("remove");
    expect(await database.run("SELECT 1 FROM pg_replication_slots WHERE database = current_database()")).toEqual([]);
    expect(await database.run("SELECT 1 FROM pg_publication")).toEqual([]);
  });

  it("stays, like the publication, if somebody else has made it", async () => {
    const database = await Database.make(STOCK);
    const slot = `own_${crypto.randomUUID().slice(0, 8)}`;
    await database.run("CREATE PUBLICATION everything FOR ALL TABLES");
    await database.run(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    await database.run("CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1); INSERT INTO stock VALUES (1)");
    const follower = database.follow({ tables: ["stock"], slot, publication: "everything" });
    await follower.drain();
    expect(told(follower.stored)).toEqual([`snapshot 1 - {"id":1}`]);
    await follower.forget("remove");
    expect(await database.run("SELECT slot_name FROM pg_replication_slots WHERE database = current_database()")).toEqual([
      { slot_name: slot },
    ]);
    expect(await database.run("SELECT pubname FROM pg_publication")).toEqual([{ pubname: "everything" }]);
    expect(await database.run("SELECT * FROM headspring.source_slots")).toEqual([]);
  });

  it("belongs to one source: a second one is refused and consumes nothing", async () => {
    const database = await Database.make(STOCK);
    const slot = `one_${crypto.randomUUID().slice(0, 8)}`;
    const first = database.follow({ tables: ["stock"], slot }, { store: "default", source: "first" });
    await first.drain();
    await database.run("INSERT INTO stock VALUES (1)");
    const second = database.follow({ tables: ["stock"], slot }, { store: "default", source: "second" });
    expect(await reasonOf(second.drain())).toContain(
      `the slot ${slot} belongs to the source default/first: each source needs a slot of its own.`,
    );
    // The same deployment, or a copy of it that has the same names.
    const copy = database.follow({ tables: ["stock"], slot }, { store: "default", source: "first" });
    expect(await reasonOf(copy.drain())).toContain("a source of the same name (default/first) of another deployment");
    await second.forget("remove");
    await copy.forget("remove");
    expect(told(await first.drain())).toEqual([`insert 1 - {"id":1}`]);
  });

  it("that another program reads is an error that names the program, and is tried again", async () => {
    const database = await Database.make(STOCK);
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await follower.disconnect();
    const [slot] = await database.run("SELECT slot_name, plugin FROM pg_replication_slots WHERE database = current_database()");
    const holder = await database.client();
    const reader = await database.client(`${database.url}?replication=database`);
    void reader
      .query(
        `START_REPLICATION SLOT ${String(slot!.slot_name)} LOGICAL 0/0 (proto_version '1', publication_names '${String(slot!.slot_name)}')`,
      )
      .catch(() => {});
    await expect
      .poll(() =>
        holder.query("SELECT 1 FROM pg_replication_slots WHERE active AND database = current_database()").then(({ rows }) => rows.length),
      )
      .toBe(1);
    const error = await follower.drain().catch((error: unknown) => error as Error);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^the slot \w+ is in use by process \d+ \(test\): a slot can have one reader$/) as string,
    });
    expect(error).not.toBeInstanceOf(SourceStopped);
    await follower.disconnect();
    await database.run(
      "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE active AND database = current_database()",
    );
    await database.run("INSERT INTO stock VALUES (1)");
    expect(told(await follower.untilWorks(() => follower.drain()))).toEqual([`insert 1 - {"id":1}`]);
  });

  it("that another program has moved stops the source: changes may be missing", async () => {
    const database = await Database.make(STOCK);
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await follower.disconnect();
    await database.run("INSERT INTO stock VALUES (1)");
    await database.run(
      "SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots WHERE database = current_database()",
    );
    expect(await reasonOf(follower.drain())).toMatch(/another program has moved the slot \w+ to [0-9A-F/]+, beyond/);
  });

  it("is no longer the source's without its record, at whatever step that shows", async () => {
    const database = await Database.make(STOCK);
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await follower.disconnect();
    const [record] = await database.run("SELECT slot FROM headspring.source_slots");
    const gone = `the slot ${String(record!.slot)} is not this source's any more: its record in headspring.source_slots is gone. A reset of the source begins again`;
    const connection = await follower.connect();
    await database.run("INSERT INTO stock VALUES (1)");
    const portion = await connection.read(10);
    expect(told(portion.changes)).toEqual([`insert 1 - {"id":1}`]);
    await database.run("ALTER TABLE headspring.source_slots RENAME TO away; CREATE TABLE headspring.source_slots (LIKE headspring.away)");
    expect(await reasonOf(connection.acknowledge(portion))).toBe(gone);
    await connection.close();
    expect(await reasonOf(follower.drain())).toBe(gone);
    await follower.disconnect();

    const restored = "DROP TABLE headspring.source_slots; ALTER TABLE headspring.away RENAME TO source_slots";
    await database.run(restored);
    const another = await follower.connect();
    await another.read(10);
    // Read to its end: what is moved is moved.
    await another.acknowledge(await another.read(10));
    await database.run("UPDATE headspring.source_slots SET owner = 'other', source = 'default/other'");
    expect(await reasonOf(another.read(10))).toContain("belongs to the source default/other: each source needs a slot of its own");
    await database.run("DELETE FROM headspring.source_slots");
    expect(await reasonOf(another.read(10))).toBe(gone);
    await database.run("DROP SCHEMA headspring CASCADE");
    expect(await reasonOf(another.read(10))).toBe(gone);
    await another.close();
    await expect(another.read(10)).rejects.toThrow("the connection to PostgreSQL is closed");
    expect(await reasonOf(follower.drain())).toBe(gone);
    await follower.disconnect();
    await follower.forget("reset");
    expect(told(await follower.drain())).toEqual([`snapshot 1 - {"id":1}`]);
    // Nothing says any more who has made the slot.
    await follower.forget("remove");
    expect(await database.run("SELECT slot_name AS slot FROM pg_replication_slots WHERE database = current_database()")).toEqual([record]);
  });

  it("that is dropped while the source is connected stops it: changes are missing", async () => {
    const database = await Database.make(STOCK);
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await database.run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
    expect(await reasonOf(follower.drain())).toMatch(
      /^the slot \w+ was dropped, so changes are missing\. A reset of the source begins again/,
    );
  });

  it("that has changes from before its publication was made again stops the source", async () => {
    const database = await Database.make(STOCK);
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await follower.disconnect();
    const [publication] = await database.run("SELECT pubname FROM pg_publication");
    await database.run(`DROP PUBLICATION "${String(publication!.pubname)}"`);
    await database.run("INSERT INTO stock VALUES (1)");
    expect(await reasonOf(follower.drain())).toMatch(/^the publication \w+ is younger than what the slot has still to read/);
    await follower.disconnect();
    await follower.forget("reset");
    expect(told(await follower.drain())).toEqual([`snapshot 1 - {"id":1}`]);
  });

  it("moves on while only other tables change, so that the server can remove its log", async () => {
    const database = await Database.make(`${STOCK}; CREATE TABLE busy (filling text)`);
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    const behind = async () => {
      const [row] = await database.run(
        "SELECT pg_current_wal_lsn() - confirmed_flush_lsn AS bytes FROM pg_replication_slots WHERE database = current_database()",
      );
      return Number(row!.bytes);
    };
    const fill = () => database.run("INSERT INTO busy SELECT repeat('x', 1000) FROM generate_series(1, 3000)");
    await fill();
    const before = await behind();
    expect(before).toBeGreaterThan(3_000_000);
    // The server is other files' too: what their tests write in the meantime is found the next time.
    const drained = async () => {
      await follower.drain();
      return behind();
    };
    await expect.poll(drained).toBeLessThan(before / 2);
    // A little log is not worth a write of the source's object, unless other files have made it much.
    const idle = async () => {
      await follower.drain();
      await database.run("INSERT INTO busy VALUES ('x')");
      const connection = await follower.connect();
      const { cursor, position, changes } = await connection.read(10);
      await connection.close();
      return { cursor, position, changes };
    };
    await expect.poll(idle).toEqual({ cursor: undefined, position: undefined, changes: [] });
  });

  it("reports the part of the log that is not read yet as lag", async () => {
    const database = await Database.make(STOCK);
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await database.run("INSERT INTO stock SELECT generate_series(1, 2000)");
    await follower.disconnect();
    const connection = await follower.connect();
    const { lag, hasMore } = await connection.read(100);
    await connection.close();
    expect(hasMore).toBe(true);
    expect(lag!.bytes).toBeGreaterThan(100_000);
    expect(lag!.seconds).toBeGreaterThanOrEqual(0);
  });

  it("of an earlier definition stops the source until it is reset", async () => {
    const database = await Database.make(STOCK);
    const names = { store: "default", source: crypto.randomUUID() };
    const follower = database.follow({ tables: ["stock"] }, names);
    await follower.drain();
    const slot = `new_${crypto.randomUUID().slice(0, 8)}`;
    const changed = database.follow({ tables: ["stock"], slot }, names);
    changed.cursor = follower.cursor;
    await follower.disconnect();
    expect(await reasonOf(changed.drain())).toContain(`its definition now names ${slot}: a reset begins again there`);
    await changed.forget("reset");
    await changed.drain();
    expect(await database.run("SELECT slot_name FROM pg_replication_slots WHERE database = current_database()")).toEqual([
      { slot_name: slot },
    ]);
  });
});

describe.skipIf(isMissing)("the publication of a source", () => {
  it("loses the tables that leave the definition, and no others", async () => {
    const database = await Database.make(
      `${STOCK}; CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (base);
       CREATE TABLE "Odd.""one" (id int PRIMARY KEY); CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts DEFAULT`,
    );
    const names = { store: "default", source: crypto.randomUUID() };
    const all = database.follow({ tables: ["stock", "base", "child", 'public.Odd."one', "parts"] }, names);
    await all.drain();
    await all.disconnect();
    const published = () => database.run("SELECT tablename FROM pg_publication_tables ORDER BY tablename");
    expect(await published()).toHaveLength(5);
    const fewer = database.follow({ tables: ["stock", "child"] }, names);
    fewer.cursor = all.cursor;
    await database.run("INSERT INTO child VALUES (1); INSERT INTO base VALUES (2)");
    await fewer.drain();
    expect(await published()).toEqual([{ tablename: "child" }, { tablename: "stock" }]);
    await database.run("INSERT INTO child VALUES (3)");
    await fewer.drain();
    expect(told(fewer.stored)).toEqual([`insert 1 - {"id":1}`, `insert 3 - {"id":3}`]);
  });
});

describe.skipIf(isMissing)("a slot whose log the server has removed", () => {
  /** A server that keeps next to nothing for its slots. */
  async function followed() {
    const database = await Database.make(STOCK, serverUrl((await ownServer("postgres")).url));
    await database.run("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
    await database.run("SELECT pg_reload_conf()");
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await database.run("INSERT INTO stock VALUES (1)");
    return { database, follower };
  }

  /** Writes log until the server gives the slot up. */
  async function loseSlot(database: Database): Promise<void> {
    await expect
      .poll(async () => {
        await database.run("CREATE TABLE filling (); DROP TABLE filling; SELECT pg_switch_wal()");
        await database.run("CHECKPOINT");
        return database.run("SELECT wal_status FROM pg_replication_slots WHERE database = current_database()");
      })
      .toEqual([{ wal_status: "lost" }]);
  }

  const REASON = /the server has removed the log that the slot \w+ needs .* so changes are missing/;

  it("stops the source until a reset makes it start over", async () => {
    const { database, follower } = await followed();
    await follower.disconnect();
    await loseSlot(database);
    expect(await reasonOf(follower.drain())).toMatch(REASON);
    await follower.disconnect();
    await follower.forget("reset");
    expect(told(await follower.drain())).toEqual([`snapshot 1 - {"id":1}`]);
    await database.run("INSERT INTO stock VALUES (2)");
    expect(told(await follower.drain())).toEqual([`insert 2 - {"id":2}`]);
  });

  it("stops the source even in the middle of its work", async () => {
    const { database, follower } = await followed();
    const connection = await follower.connect();
    await connection.read(10);
    await database.run("INSERT INTO stock VALUES (2)");
    await loseSlot(database);
    expect(await reasonOf(connection.read(10))).toMatch(REASON);
    await connection.close();
  });
});

describe.skipIf(isMissing)("a source that cannot follow", () => {
  it("names the SQL that an administrator has to run, and needs nothing else", async () => {
    const database = await Database.make(STOCK);
    const role = `limited_${crypto.randomUUID().slice(0, 8)}`;
    await database.run(`CREATE ROLE "${role}" LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
    const limited = database.url.replace("postgres@", `${role}@`);
    const follower = database.follow({ tables: ["stock"] }, undefined, limited);
    const reason = await reasonOf(follower.drain());
    expect(reason).toContain(`the role ${role} may not prepare the database`);
    await follower.disconnect();
    await database.run(reason.slice(reason.indexOf("An administrator runs: ") + "An administrator runs: ".length));
    await follower.drain();
    await database.run("INSERT INTO stock VALUES (1)");
    expect(told(await follower.drain())).toEqual([`insert 1 - {"id":1}`]);
    await follower.forget("remove");
    await database.run(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
  });

  it.for([
    ["the table is missing", "SELECT 1", ["stock"], "the database has no table public.stock"],
    ["it is a view", "CREATE VIEW stock AS SELECT 1 AS id", ["stock"], "public.stock is not a table"],
    ["it is unlogged", "CREATE UNLOGGED TABLE stock (id int PRIMARY KEY)", ["stock"], "public.stock is unlogged or temporary"],
    ["it has no key", "CREATE TABLE stock (id int)", ["stock"], "public.stock has no primary key"],
    [
      "it has no key for a snapshot",
      "CREATE TABLE stock (id int); ALTER TABLE stock REPLICA IDENTITY FULL",
      ["stock"],
      "there can be no snapshot of it",
    ],
    [
      "the publication names partitions",
      "CREATE TABLE stock (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF stock DEFAULT; CREATE PUBLICATION given FOR TABLE stock",
      ["stock"],
      'the publication given names partitions instead of public.stock: ALTER PUBLICATION "given" SET (publish_via_partition_root = true)',
    ],
    [
      "the publication has other tables",
      `${STOCK}; CREATE TABLE other (id int PRIMARY KEY); CREATE PUBLICATION given FOR TABLE other`,
      ["stock"],
      'ALTER PUBLICATION "given" ADD TABLE ONLY "public"."stock"',
    ],
  ] as const)("gives the reason: %s", async ([, sql, tables, reason]) => {
    const database = await Database.make(sql);
    const follower = database.follow({ tables: [...tables], publication: "given" });
    expect(await reasonOf(follower.drain())).toContain(reason);
  });

  it.for([
    [
      "has another plugin",
      "pg_create_logical_replication_slot('SLOT', 'test_decoding')",
      "the slot SLOT is not one of pgoutput, but test_decoding",
    ],
    ["is a physical one", "pg_create_physical_replication_slot('SLOT')", "the slot SLOT is not one of pgoutput, but a physical one"],
  ] as const)("gives the reason, and leaves the slot as it is: it %s", async ([, make, reason]) => {
    const database = await Database.make(STOCK);
    const slot = `given_${crypto.randomUUID().slice(0, 8)}`;
    await database.run(`SELECT ${make.replace("SLOT", slot)}`);
    const follower = database.follow({ tables: ["stock"], slot });
    expect(await reasonOf(follower.drain())).toBe(reason.replace("SLOT", slot));
    await follower.forget("remove");
    const count = `SELECT count(*)::int FROM pg_replication_slots WHERE slot_name = '${slot}'`;
    expect(await database.run(count)).toEqual([{ count: 1 }]);
    // A physical slot belongs to no database, and does not go with it.
    await database.run(`SELECT pg_drop_replication_slot('${slot}')`);
  });

  it("gives the reason, and leaves the slot as it is: it belongs to another database", async () => {
    const [other, database] = [await Database.make(), await Database.make(STOCK)];
    const slot = `given_${crypto.randomUUID().slice(0, 8)}`;
    await other.run(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    const follower = database.follow({ tables: ["stock"], slot });
    expect(await reasonOf(follower.drain())).toBe(`the slot ${slot} belongs to another database of this server`);
    await follower.forget("remove");
    expect(await other.run(`SELECT 1 AS one FROM pg_replication_slots WHERE slot_name = '${slot}'`)).toEqual([{ one: 1 }]);
  });

  it("stops at progress that newer code has stored, and can be reset", async () => {
    const database = await Database.make(STOCK);
    const follower = database.follow({ tables: ["stock"] });
    await follower.drain();
    await follower.disconnect();
    const progress = follower.cursor as JsonObject;
    follower.cursor = { ...progress, version: 2 };
    expect(await reasonOf(follower.drain())).toBe("its progress was stored by newer code: deploy that again, or reset the source");
    await follower.forget("reset");
    expect(await database.run("SELECT 1 FROM pg_replication_slots WHERE database = current_database()")).toEqual([]);
    await follower.drain();
    await database.run("INSERT INTO stock VALUES (1)");
    expect(told(await follower.drain())).toEqual([`insert 1 - {"id":1}`]);
    // Without the names of what it has made, nothing can be removed.
    const { cursor } = follower;
    follower.cursor = { version: 3 };
    expect(await reasonOf(follower.forget("reset"))).toBe(
      "its progress was stored by newer code, and only that can remove what it has made: deploy it again",
    );
    follower.cursor = cursor;
    await follower.forget("reset");
  });

  it("follows a table without a key from then on, with each whole row as its key", async () => {
    const database = await Database.make(
      "CREATE TABLE stock (id int, units int); ALTER TABLE stock REPLICA IDENTITY FULL; INSERT INTO stock VALUES (1, 1)",
    );
    const follower = database.follow({ tables: ["stock"], start: "now" });
    await follower.drain();
    await database.run("UPDATE stock SET units = 2");
    expect(told(await follower.drain())).toEqual([`update 1 1 {"id":1,"units":1} {"id":1,"units":2}`]);
  });

  it("never shows the content of its connection string", async () => {
    const follow = async (bound: unknown) => {
      const connection = postgres.kind.isBrought
        ? undefined
        : postgres.kind.connect(
            { connection: "DATABASE", tables: ["stock"] },
            { store: "s", source: "s", cursor: undefined, binding: () => bound },
          );
      return connection!.then(
        () => "",
        (error: unknown) => `${String(error)} ${JSON.stringify(error)}`,
      );
    };
    const url = new URL(serverUrl());
    for (const bound of [
      "secret-word",
      { secret: "secret-word" },
      "postgres://user:secret-word@",
      `postgres://user:secret-word@${url.host}/no_such_database`,
      `postgres://user:secret-word@${url.host}/postgres?sslmode=require`,
      "postgres://user:secret-word@127.0.0.1:1/postgres",
      "postgres://user:secret%ZZword@127.0.0.1:1/postgres",
    ]) {
      const message = await follow(bound);
      expect(message).not.toBe("");
      expect(message).not.toMatch(/secret.*word/);
    }
  });

  it("accepts the connection string of a Hyperdrive binding", async () => {
    const database = await Database.make(STOCK);
    const follower = database.follow({ tables: ["stock"] }, undefined, { connectionString: database.url });
    await follower.drain();
    await database.run("INSERT INTO stock VALUES (1)");
    expect(told(await follower.drain())).toHaveLength(1);
  });

  it("gets its settings' mistakes explained", () => {
    expect(inject("servers").postgres).toBeDefined();
    const make = (settings: object) => () => postgres(settings as never);
    expect(make({ connection: "DB" })).toThrow("tables:");
    expect(make({ connection: "DB", tables: [] })).toThrow("tables:");
    expect(make({ connection: "DB", tables: ["stock", "public.stock"] })).toThrow("has a table twice");
    expect(make({ connection: "DB", tables: ["stock"], slot: "No-Slot" })).toThrow("slot: must be 1 to 63 of a-z, 0-9 and _");
    expect(make({ connection: "DB", tables: ["stock"], extra: 1 })).toThrow("extra");
  });
});
