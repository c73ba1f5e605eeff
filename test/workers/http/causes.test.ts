/** Why a command failed: the developer's own machine says it in the answer, and a deployment only in its logs. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createHttp } from "../../../src/http/worker.ts";
import { API_TOKENS, bearer } from "../../contract/http.ts";
import { app } from "../app.ts";

const http = createHttp(app);

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(() => vi.restoreAllMocks());

async function detailOf(command: string, environment: string): Promise<string> {
  const deployment = { ...env, HEADSPRING_ENV: environment, API_TOKENS };
  const response = await http.fetch(
    new Request(`http://headspring/stores/causes/aggregates/counter/1/${command}`, { method: "POST", body: "{}", headers: bearer("all") }),
    deployment,
  );
  expect(response.status).toBe(500);
  return z.object({ detail: z.string() }).parse(await response.json()).detail;
}

describe("the answer of a command that failed", () => {
  it.each([
    ["DecideNonsense", "event `Counted` of aggregate `counter`: `data.by` must be a number, got a string"],
    ["Throw", "command `Throw` of aggregate `counter`: decide failed: decide threw, as it was told to"],
  ])("says why under `npm start`: %s", async (command, cause) => {
    expect(await detailOf(command, "local")).toBe(`the command failed; nothing was stored. ${cause}`);
  });

  it.each([["DecideNonsense"], ["Throw"]])("says nothing of the inside in a deployment: %s", async (command) => {
    for (const environment of ["deployed", "", "LOCAL"]) {
      expect(await detailOf(command, environment)).toBe(
        "the command failed; nothing was stored. The logs have the cause, under this command id",
      );
    }
  });
});
