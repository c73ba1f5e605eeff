/** What happens when an operator puts the database back to an earlier time (D1 Time Travel): rows and checkpoints go back together, streams and log do not. */

import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { values } from "../app.ts";
import { quietStore } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

type Row = Record<string, unknown>;

const own = (name: string) => !name.startsWith("_cf") && !name.startsWith("sqlite");

/** Everything that is in the database. */
async function snapshot(): Promise<Map<string, Row[]>> {
  const { results } = await env.VIEWS.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all<{ name: string }>();
  const tables = new Map<string, Row[]>();
  for (const { name } of results.filter(({ name }) => own(name)))
    tables.set(name, (await env.VIEWS.prepare(`SELECT * FROM "${name}"`).all<Row>()).results);
  return tables;
}

async function putBack(tables: Map<string, Row[]>): Promise<void> {
  const statements = [...tables].flatMap(([name, rows]) => [
    env.VIEWS.prepare(`DELETE FROM "${name}"`),
    ...rows.map((row) => {
      const columns = Object.keys(row);
      const places = columns.map(() => "?").join(", ");
      return env.VIEWS.prepare(`INSERT INTO "${name}" (${columns.map((column) => `"${column}"`).join(", ")}) VALUES (${places})`).bind(
        ...Object.values(row),
      );
    }),
  ]);
  await env.VIEWS.batch(statements);
}

it("views and processors catch up from there, and nothing is stored twice", async () => {
  const store = quietStore("time-travel");
  for (const value of [1, 2]) await store.read("s", value);
  await store.wake("values", "relay");
  const earlier = await snapshot();
  for (const value of [3, 101]) await store.read("s", value);
  await store.wake("values", "relay");
  const log = await store.log();
  const rows = await store.rows(values);

  await putBack(earlier);
  expect(await store.consumer("relay")).toMatchObject({ position: 4 }); // what it answered to the first two is not for it
  expect(await store.rows(values)).not.toEqual(rows);
  // As the handbook has it: `resume` wakes a consumer that no wake-up reaches.
  for (const consumer of ["values", "relay"]) await store.post(`/consumers/${consumer}/resume`, {});
  const woken = store.sent().flatMap(({ body }) => body.consumers);
  expect(woken).toEqual(expect.arrayContaining(["values", "relay"]));
  await store.wake("values", "relay");
  expect(await store.rows(values)).toEqual(rows);
  expect(await store.log()).toEqual(log);
});
