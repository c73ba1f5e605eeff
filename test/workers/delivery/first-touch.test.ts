/** Any route may be the first one that a client calls in a deployment whose database is empty. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { isMissingTable } from "../../../src/consumers/schema.ts";
import { freshStore } from "../support.ts";

/** The database as a new deployment finds it, and a worker that has not seen it yet. */
async function emptyDatabase(): Promise<void> {
  const { results } = await env.VIEWS.prepare(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND (name LIKE 'headspring_%' OR name LIKE 'view_%')`,
  ).all<{ name: string }>();
  for (const { name } of results) await env.VIEWS.prepare(`DROP TABLE "${name}"`).run();
  isMissingTable(new Error("no such table"));
}

const ACTIONS = ["pause", "resume", "retry", "skip", "reset"];

it.each([
  ["POST", "/views/values/rebuild"],
  ...ACTIONS.flatMap((action) => [
    ["POST", `/consumers/values/${action}`],
    ["POST", `/consumers/relay/${action}`],
  ]),
  ["GET", "/consumers"],
  ["GET", "/consumers/values"],
  ["GET", "/metrics"],
  ["GET", "/views"],
  ["GET", "/views/values"],
  ["GET", "/views/values?minPosition=0"],
  ["GET", "/views/values/any"],
])("%s %s is answered", async (method = "", path = "") => {
  await emptyDatabase();
  const { send } = freshStore("empty");
  const { status } = await send(method, path, method === "POST" ? {} : undefined);
  expect(status).toBeLessThan(500);
});
