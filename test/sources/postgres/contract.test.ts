import { describe } from "vitest";
import { postgresKind } from "../../../src/sources/postgres/kind.ts";
import { type Outside, readKindContract } from "../kind-contract.ts";
import { Database, isMissing, valueOf } from "./database.ts";

async function outside(): Promise<Outside> {
  const database = await Database.make("CREATE TABLE words (id serial PRIMARY KEY, word text)");
  return {
    settings: { connection: "DATABASE", tables: ["words"] },
    variables: { DATABASE: database.url },
    async put(names) {
      // Some transactions of one change, and some of several.
      for (let at = 0; at < names.length; at += 3)
        await database.run(
          `INSERT INTO words (word) VALUES ${names
            .slice(at, at + 3)
            .map((name) => `('${name}')`)
            .join(", ")}`,
        );
    },
    nameOf: (change) => valueOf(change).after?.word as string,
    breakConnections: () => database.breakConnections(),
    async ruin() {
      await database.run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
    },
    async leftovers() {
      const rows = await database.run(
        "SELECT slot_name FROM pg_replication_slots WHERE database = current_database() UNION ALL SELECT pubname FROM pg_publication UNION ALL SELECT slot FROM headspring.source_slots",
      );
      return rows.map(({ slot_name }) => String(slot_name));
    },
  };
}

describe.skipIf(isMissing)("postgres", () => {
  readKindContract({ name: "postgres", kind: postgresKind }, outside);
});
