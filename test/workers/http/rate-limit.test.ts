/** Rate limits, by the binding that the platform has, here with three requests a minute. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { read } from "../support.ts";
import { type Bearer, deploymentWith, headerOf } from "./tokens.ts";

const http = createHttp(app);
const limited = deploymentWith({ RATE_LIMIT: (env as unknown as { TIGHT: RateLimit }).TIGHT });
const ME: Bearer = { rights: "read", stores: "every" };

/** What so many requests in a row are answered. */
async function burst(requests: number, path: string, headers: Record<string, string>, environment = limited): Promise<Response[]> {
  const answers = [];
  for (let sent = 0; sent < requests; sent++) answers.push(await http.request(path, { headers }, environment));
  return answers;
}

const statuses = (answers: readonly Response[]) => [...new Set(answers.map(({ status }) => status))];

// Seven are more than two minutes hold, should one begin in between.
const TOO_MANY = 7;

describe("a deployment with a rate limit", () => {
  it("refuses a token that sends too much, with the time to come back, and no other token", async () => {
    const answers = await burst(TOO_MANY, "/log/head", headerOf(ME));
    expect(statuses(answers)).toEqual([200, 429]);
    const refused = answers.at(-1);
    expect(refused?.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await read(refused as Response)).toMatchObject({
      code: "rate-limited",
      status: 429,
      detail: expect.stringContaining('"read of every"'),
    });
    expect(statuses(await burst(1, "/log/head", headerOf({ ...ME, stores: "default" })))).toEqual([200]);
  });

  it.each([
    ["guesses tokens", "/log/head", { authorization: "Bearer guessed" }, 401],
    ["has no token", "/log/head", {}, 401],
    ["asks what is open to all", "/health", {}, 200],
  ])("refuses an address that %s, and no other", async (what, path, headers, otherwise) => {
    const from = (address: string) => ({ ...headers, "cf-connecting-ip": `${what} ${address}` });
    expect(statuses(await burst(TOO_MANY, path, from("1")))).toEqual([otherwise, 429]);
    expect(statuses(await burst(1, path, from("2")))).toEqual([otherwise]);
  });

  it("goes on serving when the limit cannot be checked", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const broken = deploymentWith({ RATE_LIMIT: { limit: () => Promise.reject(new Error("away")) } });
    expect(statuses(await burst(2, "/log/head", headerOf(ME), broken))).toEqual([200]);
    expect(warned).toHaveBeenCalledTimes(2);
    warned.mockRestore();
  });
});

describe("a deployment without", () => {
  it("refuses no client", async () => {
    expect(statuses(await burst(TOO_MANY, "/log/head", headerOf(ME), deploymentWith({})))).toEqual([200]);
  });
});
