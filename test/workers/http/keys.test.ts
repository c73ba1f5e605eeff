/** An issuer's public keys: how often they are fetched, that they change, and what holds while the issuer does not answer. */

import { type MockInstance, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { read } from "../support.ts";
import { newIssuer, newKey } from "./issuer.ts";
import { headerOf } from "./tokens.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let warned: MockInstance;
let now = Date.parse("2027-03-01T00:00:00Z");

beforeEach(() => {
  vi.spyOn(Date, "now").mockImplementation(() => now);
  warned = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const away = () => new Response("away", { status: 500 });
type Issuer = Awaited<ReturnType<typeof newIssuer>>;
const status = async (issuer: Issuer, jwt: string) => (await issuer.ask(jwt)).status;

describe("the keys of an issuer", () => {
  it("are fetched for the first JWT, once for all that arrive at the same time, and again every ten minutes", async () => {
    const issuer = await newIssuer();
    const jwt = await issuer.sign({ exp: now / 1_000 + 3_600 });
    expect(issuer.asked).toBe(0);
    expect(await Promise.all(Array.from({ length: 10 }, () => status(issuer, jwt)))).toEqual(Array.from({ length: 10 }, () => 200));
    expect(issuer.asked).toBe(1);
    now += 10 * MINUTE - 1;
    expect([await status(issuer, jwt), issuer.asked]).toEqual([200, 1]);
    now += 1;
    expect([await status(issuer, jwt), issuer.asked]).toEqual([200, 2]);
  });

  it("may change: a new one is fetched when a JWT names it, and a removed one stays valid for ten minutes", async () => {
    const issuer = await newIssuer();
    const old = await issuer.sign({ exp: now / 1_000 + 3_600 });
    expect(await status(issuer, old)).toBe(200);
    now += MINUTE;
    const second = await newKey("second");
    issuer.keys = [second];
    const jwt = await issuer.sign({ exp: now / 1_000 + 3_600 }, second);
    expect(await Promise.all([1, 2, 3].map(() => status(issuer, jwt)))).toEqual([200, 200, 200]);
    expect(issuer.asked).toBe(2);
    expect(await status(issuer, old)).toBe(401);
  });

  it("are not fetched for every JWT that names an unknown one", async () => {
    const issuer = await newIssuer();
    const jwt = await issuer.sign({ exp: now / 1_000 + 3_600 });
    await status(issuer, jwt);
    const forged = await Promise.all(["a", "b", "c", "d"].map(async (kid) => issuer.sign({ exp: now / 1_000 + 3_600 }, await newKey(kid))));
    for (const one of forged) expect(await status(issuer, one)).toBe(401);
    expect(issuer.asked).toBe(1);
    now += MINUTE / 2;
    for (const one of forged) expect(await status(issuer, one)).toBe(401);
    expect(issuer.asked).toBe(2);
    expect(await status(issuer, jwt)).toBe(200);
  });
});

describe("the platform's cache of keys", () => {
  it.each<[string, Partial<CacheStorage>]>([
    ["cannot be opened", { open: () => Promise.reject(new Error("no cache here")) }],
    [
      "keeps nothing",
      {
        open: async () =>
          ({ match: () => Promise.reject(new Error("away")), put: () => Promise.reject(new Error("away")) }) as unknown as Cache,
      },
    ],
  ])("may fail: when it %s, the issuer is asked instead", async (_what, cache) => {
    vi.stubGlobal("caches", cache);
    const issuer = await newIssuer();
    const jwt = await issuer.sign({ exp: now / 1_000 + 600 });
    expect([await status(issuer, jwt), issuer.asked]).toEqual([200, 1]);
    issuer.forget();
    expect([await status(issuer, jwt), issuer.asked]).toEqual([200, 2]);
    expect(warned).not.toHaveBeenCalled();
  });
});

describe("an issuer that does not answer", () => {
  it("is not needed for a day; then its JWTs, but no tokens, are answered with a 503, and it is asked twice a minute at most", async () => {
    const issuer = await newIssuer();
    const jwt = await issuer.sign({ exp: now / 1_000 + 1_000_000 });
    expect(await status(issuer, jwt)).toBe(200);
    issuer.answer = away;
    now += 24 * HOUR - 1;
    for (let time = 0; time < 5; time++) expect(await status(issuer, jwt)).toBe(200);
    expect(issuer.asked).toBe(2);
    now += 1;
    const refused = await issuer.ask(jwt);
    expect(refused.headers.get("retry-after")).toBe("30");
    expect(await read(refused)).toMatchObject({ status: 503, code: "keys-unavailable", detail: expect.stringContaining(issuer.iss) });
    expect(issuer.asked).toBe(2);
    const { authorization } = headerOf({ rights: "read", stores: "mine" });
    expect(await status(issuer, authorization.slice("Bearer ".length))).toBe(200);
    issuer.answer = undefined;
    now += MINUTE / 2;
    expect([await status(issuer, jwt), issuer.asked]).toEqual([200, 3]);
  });

  it("is not needed either by another isolate in the same location that starts in the meantime", async () => {
    const issuer = await newIssuer();
    const jwt = await issuer.sign({ exp: now / 1_000 + 1_000_000 });
    expect(await status(issuer, jwt)).toBe(200);
    issuer.answer = away;
    now += HOUR;
    issuer.forget();
    expect(await status(issuer, jwt)).toBe(200);
    now += 24 * HOUR;
    issuer.forget();
    expect(await status(issuer, jwt)).toBe(503);
  });

  it("does not hold up other requests for ever: they are answered with a 503, and it is asked again half a minute later", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const issuer = await newIssuer();
    const jwt = await issuer.sign({ exp: now / 1_000 + 1_000_000 });
    // As when the platform has ended the request that asked.
    issuer.answer = () => new Promise<Response>(() => {});
    const waiting = [status(issuer, jwt), status(issuer, jwt)];
    // Not by vi.waitFor, which moves these timers on.
    while (vi.getTimerCount() < 2) await scheduler.wait(1);
    expect(issuer.asked).toBe(1);
    vi.advanceTimersByTime(5_000);
    expect(await Promise.all(waiting)).toEqual([503, 503]);
    issuer.answer = undefined;
    expect([await status(issuer, jwt), issuer.asked]).toEqual([503, 1]);
    now += MINUTE / 2;
    expect([await status(issuer, jwt), issuer.asked]).toEqual([200, 2]);
  });

  it.each([
    ["an error", away],
    ["a page", () => new Response("<html>")],
    ["invalid keys", () => Response.json({ keys: "none" })],
    ["nothing at all", () => Promise.reject(new TypeError("network"))],
    ["far too much", () => Response.json({ keys: [{ kty: "x".repeat(70_000) }] })],
    ["somewhere else", () => Response.redirect("https://elsewhere.example/")],
  ])("or sends %s counts as unavailable, with a line in the logs that has no JWT in it", async (_what, answer) => {
    const issuer = await newIssuer();
    const jwt = await issuer.sign({ exp: now / 1_000 + 600 });
    issuer.answer = answer;
    expect(await status(issuer, jwt)).toBe(503);
    const [line] = warned.mock.calls;
    expect(line?.[0]).toMatchObject({ message: "the keys of an issuer of JWTs could not be fetched" });
    expect(JSON.stringify(warned.mock.calls)).not.toContain(jwt.split(".")[2]);
  });
});
