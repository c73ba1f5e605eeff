/** Why a command or a query failed: the developer's own machine says it in the answer, and a deployment only in its logs. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createHttp } from "../../../src/http/worker.ts";
import { API_TOKENS, bearer } from "../../contract/http.ts";
import { app } from "../app.ts";

const http = createHttp(app);

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());

const command = (name: string) => ["POST", `/aggregates/counter/1/${name}`, "{}"] as const;

async function detailOf([method, path, body]: readonly [string, string, string?], environment: string): Promise<string> {
  const deployment = { ...env, HEADSPRING_ENV: environment, API_TOKENS };
  const request = new Request(`http://headspring/stores/causes${path}`, { method, headers: bearer("all"), ...(body ? { body } : {}) });
  const response = await http.fetch(request, deployment);
  expect(response.status).toBe(500);
  return z.object({ detail: z.string() }).parse(await response.json()).detail;
}

describe("the answer of a command that failed", () => {
  it.each([
    ["DecideNonsense", "event `Counted` of aggregate `counter`: `data.by` must be a number, got a string"],
    ["Throw", "command `Throw` of aggregate `counter`: decide failed: decide threw, as the command asked"],
  ])("gives the cause under `npm start`: %s", async (name, cause) => {
    expect(await detailOf(command(name), "local")).toBe(`the command failed; nothing was stored. ${cause}`);
  });

  it.each([["DecideNonsense"], ["Throw"]])("shows nothing internal in a deployment: %s", async (name) => {
    for (const environment of ["deployed", "", "LOCAL"]) {
      expect(await detailOf(command(name), environment)).toBe(
        "the command failed; nothing was stored. The logs have the cause, under this command id",
      );
    }
  });
});

describe("the answer of a named query that failed", () => {
  const misspelt = ["GET", "/views/specimens/queries/misspells"] as const;

  it("gives the cause under `npm start`", async () => {
    expect(await detailOf(misspelt, "local")).toContain(
      'query "misspells" of view "specimens" failed: Error: D1_ERROR: no such column: colour',
    );
  });

  it("shows nothing internal in a deployment", async () => {
    const detail = "the query fails whatever its parameters are; the worker's logs have the cause";
    expect(await detailOf(misspelt, "deployed")).toBe(detail);
  });
});
