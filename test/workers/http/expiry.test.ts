/** Tokens that expire: good until then, and for nothing from then on. */

import { createHash } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { read } from "../support.ts";
import { deploymentWith } from "./tokens.ts";

afterEach(() => vi.restoreAllMocks());

const END = Date.parse("2027-03-01T00:00:00Z");
const http = createHttp(app);

function at(now: number): void {
  vi.spyOn(Date, "now").mockReturnValue(now);
}

/** A deployment that knows one token, `hs_some`. */
function known(more: object) {
  const sha256 = createHash("sha256").update("hs_some").digest("hex");
  const deployment = deploymentWith({ API_TOKENS: JSON.stringify([{ name: "some", sha256, rights: ["read"], ...more }]) });
  return async (method = "GET", path = "/log") => http.request(path, { method, headers: { authorization: "Bearer hs_some" } }, deployment);
}

describe("a token that expires", () => {
  it.each(["2027-03-01T00:00:00Z", "2027-03-01T01:00:00+01:00", "2027-02-28T22:30:00.000-01:30"])(
    "is valid until then, whichever clock decides: %s",
    async (expires) => {
      const ask = known({ expires });
      at(END - 1);
      expect((await ask()).status).toBe(200);
      at(END); // the list was read before
      const response = await ask();
      expect(response.headers.get("www-authenticate")).toBe('Bearer realm="headspring", error="invalid_token"');
      expect(await read(response)).toMatchObject({ status: 401, code: "unauthorized", detail: `token "some" expired at ${expires}` });
    },
  );

  it("is refused as expired whatever it is used for, rather than for a right that it lacks", async () => {
    const ask = known({ expires: "2027-03-01T00:00:00Z", stores: ["mine"] });
    at(END - 1);
    expect([(await ask("POST", "/streams/reading/s")).status, (await ask()).status]).toEqual([403, 403]);
    at(END);
    expect([(await ask("POST", "/streams/reading/s")).status, (await ask()).status]).toEqual([401, 401]);
    expect((await ask("GET", "/health")).status).toBe(200);
  });

  it("needs a valid time", async () => {
    for (const expires of ["soon", "2027-03-01", "2027-03-01T00:00:00", 1_798_761_600_000]) {
      expect(await read(await known({ expires })())).toMatchObject({
        status: 503,
        code: "auth-not-configured",
        detail: expect.stringContaining("wrong at 0.expires"),
      });
    }
  });
});

describe("a token that does not expire", () => {
  it("stays valid for ever", async () => {
    at(Date.parse("2999-01-01T00:00:00Z"));
    expect((await known({})()).status).toBe(200);
  });
});
