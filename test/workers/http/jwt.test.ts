/** JWTs: who signs them, what their claims give, and what is refused. */

import { type JWTPayload, SignJWT, base64url, exportSPKI, importJWK } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { EventStream } from "../../event-stream.ts";
import { told } from "../app.ts";
import { freshStore, read } from "../support.ts";
import { SocketClient } from "../log/subscribers.ts";
import { newIssuer, newKey } from "./issuer.ts";

afterEach(() => vi.restoreAllMocks());

const REFUSED = "the JWT is not valid: it must be signed by the issuer that this service trusts, with a key of its set";
const seconds = () => Math.floor(Date.now() / 1_000);

describe("a JWT of a trusted issuer", () => {
  it.each(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"])(
    "is accepted, signed by %s",
    async (alg) => {
      const issuer = await newIssuer();
      const key = await newKey("k", alg);
      issuer.keys = [key];
      expect((await issuer.ask(await issuer.sign({}, key))).status).toBe(200);
    },
  );

  it.each([
    [
      "its stores and rights",
      {},
      [
        ["GET", "/stores/mine/log", 200],
        ["POST", "/stores/mine/streams/reading", 400],
        ["GET", "/log", 403],
        ["GET", "/stores/mine/consumers", 403],
      ],
    ],
    [
      "every store",
      { stores: ["*"], rights: ["admin"] },
      [
        ["GET", "/consumers", 200],
        ["GET", "/log", 403],
      ],
    ],
    ["no store that it does not name", { stores: undefined }, [["GET", "/stores/mine/log", 403]]],
    [
      "no right that it does not name",
      { rights: undefined },
      [
        ["GET", "/stores/mine/log", 403],
        ["GET", "/health", 200],
      ],
    ],
    [
      "of its rights only the existing ones",
      { rights: ["superuser", "read"] },
      [
        ["GET", "/stores/mine/log", 200],
        ["POST", "/stores/mine/streams/reading", 403],
      ],
    ],
    [
      "its scopes",
      { scopes: { views: ["totals"] } },
      [
        ["GET", "/stores/mine/views/totals", 200],
        ["GET", "/stores/mine/views/values", 403],
      ],
    ],
    [
      "scopes as claims of their own",
      { categories: ["reading"] },
      [
        ["GET", "/stores/mine/streams/reading/1", 404],
        ["GET", "/stores/mine/streams/alarm/1", 403],
      ],
    ],
    [
      "scopes from both places",
      { categories: ["reading"], scopes: { views: ["totals"] } },
      [
        ["GET", "/stores/mine/streams/reading/1", 404],
        ["GET", "/stores/mine/views/totals", 200],
        ["GET", "/stores/mine/streams/alarm/1", 403],
      ],
    ],
    [
      "nothing by scopes without any",
      { scopes: {} },
      [
        ["GET", "/stores/mine/streams/reading/1", 403],
        ["GET", "/stores/mine/views/totals", 403],
      ],
    ],
  ] as const)("has %s", async (_what, claims, requests) => {
    const issuer = await newIssuer();
    const jwt = await issuer.sign(claims);
    for (const [method, path, status] of requests) expect([path, (await issuer.ask(jwt, method, path)).status]).toEqual([path, status]);
  });

  it("grants no more than the deployment lets its issuer grant", async () => {
    const issuer = await newIssuer({ stores: ["mine"], rights: ["read"] });
    const jwt = await issuer.sign({ stores: ["*"], rights: ["read", "write", "admin"] });
    const statuses = [
      ["GET", "/stores/mine/log"],
      ["GET", "/stores/yours/log"],
      ["POST", "/stores/mine/streams/reading"],
    ] as const;
    expect(await Promise.all(statuses.map(async ([method, path]) => (await issuer.ask(jwt, method, path)).status))).toEqual([
      200, 403, 403,
    ]);
  });

  it("reaches only those of the stores that it names which the deployment lets its issuer name", async () => {
    const issuer = await newIssuer({ stores: ["mine", "theirs"] });
    const jwt = await issuer.sign({ stores: ["mine", "yours"] });
    const statuses = ["mine", "theirs", "yours"].map(async (store) => (await issuer.ask(jwt, "GET", `/stores/${store}/log`)).status);
    expect(await Promise.all(statuses)).toEqual([200, 403, 403]);
  });

  it("may have its rights in a custom claim", async () => {
    const issuer = await newIssuer({ claim: "https://shop.example/access" });
    const access = { stores: ["yours"], rights: ["read"], scopes: { views: ["totals"] } };
    const jwt = await issuer.sign({ "https://shop.example/access": access });
    expect((await issuer.ask(jwt, "GET", "/stores/yours/views/totals")).status).toBe(200);
    expect((await issuer.ask(jwt, "GET", "/stores/mine/views/totals")).status).toBe(403); // what is at the top does not count
    expect((await issuer.ask(await issuer.sign(), "GET", "/stores/mine/log")).status).toBe(403);
  });

  it("names its subject as the sender of commands, with the issuer's name before it if that has one", async () => {
    const { store, json } = freshStore("jwt-by");
    for (const [name, by] of [
      [undefined, "a user"],
      ["staff", "staff:a user"],
    ]) {
      const issuer = await newIssuer(name === undefined ? {} : { name });
      const jwt = await issuer.sign({ stores: [store] });
      expect((await issuer.ask(jwt, "POST", `/stores/${store}/aggregates/counter/c/Count`)).status).toBe(200);
      await issuer.ask(jwt, "POST", `/stores/${store}/aggregates/counter/c/DoNothing`);
      expect(told.at(-1)?.by).toBe(by);
      expect((await json("/streams/counter/c")).events.at(-1).meta.by).toBe(by);
    }
  });

  it("may be from any of several issuers", async () => {
    const one = await newIssuer();
    const other = await newKey("other");
    const issuers = [
      { url: one.url, issuer: one.iss, audience: ["another", "headspring"], name: "one" },
      { url: "https://unused.example/", issuer: "https://unused.example/", audience: "headspring", name: "two" },
    ];
    const both = await newIssuer({}, { API_JWKS: JSON.stringify(issuers) });
    vi.restoreAllMocks();
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({ keys: one.keys.map(({ jwk }) => jwk) }));
    expect((await both.ask(await one.sign())).status).toBe(200);
    expect((await both.ask(await one.sign({}, other))).status).toBe(401);
    expect((await both.ask(await both.sign())).status).toBe(401);
  });
});

describe("a JWT is refused, without a reason,", () => {
  const refusal = async (issuer: Awaited<ReturnType<typeof newIssuer>>, jwt: string) => {
    const response = await issuer.ask(jwt);
    const challenge = response.headers.get("www-authenticate");
    return { ...(await read(response)), challenge };
  };

  it("when another key has signed it, whatever that key's id", async () => {
    const issuer = await newIssuer();
    for (const kid of ["first", "other"]) {
      expect(await refusal(issuer, await issuer.sign({}, await newKey(kid)))).toMatchObject({
        status: 401,
        code: "unauthorized",
        detail: REFUSED,
        challenge: 'Bearer realm="headspring", error="invalid_token"',
      });
    }
  });

  it("when it is not signed, or was changed after it was signed", async () => {
    const issuer = await newIssuer();
    const [, payload = "", signature = ""] = (await issuer.sign()).split(".");
    const none = base64url.encode(JSON.stringify({ alg: "none" }));
    const header = base64url.encode(JSON.stringify({ alg: "ES256", kid: "first" }));
    const claims = JSON.parse(new TextDecoder().decode(base64url.decode(payload)));
    const more = base64url.encode(JSON.stringify({ ...claims, rights: ["read", "write", "admin"] }));
    for (const jwt of [
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${more}.${signature}`,
    ]) {
      expect(await refusal(issuer, jwt)).toMatchObject({ status: 401, detail: REFUSED });
    }
  });

  it("when the public key is used as a secret", async () => {
    const issuer = await newIssuer();
    const key = await newKey("rsa", "RS256");
    issuer.keys = [key, { jwk: { kty: "oct", kid: "secret", alg: "HS256", k: base64url.encode("x".repeat(32)) } }];
    const pem = await exportSPKI((await importJWK(key.jwk, "RS256", { extractable: true })) as CryptoKey);
    const secrets = [
      ["rsa", pem],
      ["rsa", JSON.stringify(key.jwk)],
      ["secret", "x".repeat(32)],
    ] as const;
    for (const [kid, secret] of secrets) {
      const claims = { iss: issuer.iss, aud: "headspring", sub: "a user", exp: seconds() + 600, stores: ["mine"], rights: ["read"] };
      const jwt = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid }).sign(new TextEncoder().encode(secret));
      expect(await refusal(issuer, jwt)).toMatchObject({ status: 401, detail: REFUSED });
    }
  });

  it("when it brings its own key, or a URL of one", async () => {
    const issuer = await newIssuer();
    const own = await newKey("own");
    for (const header of [
      { jwk: own.jwk },
      { jku: "https://elsewhere.example/keys" },
      { kid: "own", jwk: own.jwk },
      { crit: ["b64"], b64: false },
    ]) {
      const jwt = await issuer.sign({}, own, header).catch(() => undefined);
      if (jwt !== undefined) expect(await refusal(issuer, jwt)).toMatchObject({ status: 401, detail: REFUSED });
    }
    expect(
      vi
        .mocked(fetch)
        .mock.calls.map(([input]) => new Request(input).url)
        .filter((url) => url.includes("elsewhere")),
    ).toEqual([]);
  });

  it("when it is from another issuer, or too long", async () => {
    const issuer = await newIssuer();
    for (const claims of [
      { iss: "https://elsewhere.example/" },
      { iss: undefined },
      { iss: issuer.iss.slice(0, -1) },
      { note: "x".repeat(9_000) },
    ])
      expect(await refusal(issuer, await issuer.sign(claims))).toMatchObject({ status: 401, detail: REFUSED });
    expect(issuer.asked).toBe(0);
  });

  it("when it only looks like one", async () => {
    const issuer = await newIssuer();
    const text = base64url.encode("not JSON");
    for (const jwt of ["a.b.c", "a.b.", `${text}.${text}.${text}`, `a.${base64url.encode("[]")}.c`, `a.${base64url.encode("null")}.c`])
      expect(await refusal(issuer, jwt)).toMatchObject({ status: 401, detail: REFUSED });
    expect(issuer.asked).toBe(0);
  });

  it("when the issuer's key is none: a line in the logs says that it was not the JWT's fault, and has nothing of the JWT", async () => {
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    const issuer = await newIssuer();
    issuer.keys = [{ jwk: { kty: "EC", crv: "P-256", x: "AA", y: "AA", kid: "first", alg: "ES256" } }];
    const jwt = await issuer.sign();
    expect(await refusal(issuer, jwt)).toMatchObject({ status: 401, detail: REFUSED });
    expect(warned.mock.calls.map(([line]) => line)).toMatchObject([{ message: "a JWT could not be verified" }]);
    for (const part of jwt.split(".")) expect(JSON.stringify(warned.mock.calls)).not.toContain(part);
  });
});

describe("a JWT that the issuer has signed is refused, with the reason,", () => {
  it.each([
    ["for another audience", { aud: "elsewhere" }, "its claim `aud` is missing, or not what it must be"],
    ["for no audience", { aud: undefined }, "its claim `aud`"],
    ["without an expiry", { exp: undefined }, "its claim `exp`"],
    ["with an expiry that is not a number", { exp: "soon" }, "its claim `exp`"],
    ["without a subject", { sub: undefined }, "its claim `sub`"],
    ["with an invalid subject", { sub: "" }, "its claim `sub` is not a name"],
    ["with a subject of several lines", { sub: "a\nb" }, "its claim `sub` is not a name"],
    ["with a subject that is too long", { sub: "x".repeat(257) }, "its claim `sub` is not a name"],
    ["with a token's name", { sub: "read of mine" }, "its claim `sub` is the name of a token"],
    ["before its time", { nbf: seconds() + 600 }, "its claim `nbf`"],
    ["with stores that are not a list", { stores: "mine" }, "its claims are wrong at stores"],
    ["with a misspelt scope", { scopes: { category: ["reading"] } }, "its claims are wrong at scopes"],
    ["with a scope in two places", { scopes: { views: ["totals"] }, views: ["totals"] }, "`scopes` is also a claim of its own"],
  ] as const)("%s", async (_what, claims, why) => {
    const issuer = await newIssuer();
    const response = await issuer.ask(await issuer.sign(claims as JWTPayload));
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="headspring", error="invalid_token"');
    expect(await read(response)).toMatchObject({ status: 401, code: "unauthorized", detail: expect.stringContaining(why) });
  });

  it("half a minute after it expires, and half a minute before it becomes valid", async () => {
    const issuer = await newIssuer();
    const now = Date.parse("2027-03-01T00:00:00Z");
    vi.spyOn(Date, "now").mockReturnValue(now);
    const jwt = await issuer.sign({ nbf: now / 1_000, exp: now / 1_000 + 60 });
    const at = async (second: number) => {
      vi.mocked(Date.now).mockReturnValue(now + second * 1_000);
      return read(await issuer.ask(jwt));
    };
    expect([await at(-31), await at(-30), await at(89)]).toMatchObject([{ status: 401 }, { head: 0 }, { head: 0 }]);
    expect(await at(90)).toMatchObject({ status: 401, detail: "the JWT expired at 2027-03-01T00:01:00.000Z" });
  });

  it("also by a deployment without issuers, which does not read its claims", async () => {
    const issuer = await newIssuer({}, { API_JWKS: "" });
    expect(await read(await issuer.ask(await issuer.sign()))).toMatchObject({ status: 401, detail: "unknown token" });
  });
});

describe("a subscription of a JWT ends with it:", () => {
  it("of the log and of a view", async () => {
    const { store, post } = freshStore("jwt-live");
    const issuer = await newIssuer();
    const end = seconds() + 600;
    const jwt = await issuer.sign({ stores: [store], exp: end });
    const get = async (path: string, headers: object = {}) => issuer.ask(jwt, "GET", `/stores/${store}${path}`, headers);
    const client = await SocketClient.open({ get }, "/log");
    const view = new EventStream((await get("/views/values", { accept: "text/event-stream" })).body as ReadableStream<Uint8Array>);
    await view.read();
    await client.caughtUp(0);
    vi.spyOn(Date, "now").mockReturnValue((end + 30) * 1_000);
    await post("/streams/reading/s", { type: "Read", data: { value: 1 } });
    await client.ended;
    expect([client.closed, client.events]).toEqual([{ code: 1008, reason: "the token has expired" }, []]);
    expect(await view.next()).toBeUndefined();
  });
});

describe("API_JWKS lets no JWT in while it is wrong:", () => {
  it.each([
    ["no JSON", "https://issuer.example/keys", ""],
    ["no audience", '{"url":"https://i.example/","issuer":"i"}', "audience"],
    ["an invalid address", '{"url":"keys","issuer":"i","audience":"a"}', "url"],
    ["an address without TLS", '{"url":"http://i.example/","issuer":"i","audience":"a"}', "url (use https)"],
    ["an unknown member", '{"url":"https://i.example/","issuer":"i","audience":"a","secret":"hidden"}', ""],
    ["two issuers without names", JSON.stringify(["i", "j"].map((issuer) => ({ url: "https://i.example/", issuer, audience: "a" }))), ""],
  ])("%s", async (_what, API_JWKS, where) => {
    const issuer = await newIssuer({}, { API_JWKS, API_TOKENS: "" });
    const answer = await read(await issuer.ask("a.b.c"));
    expect(answer).toMatchObject({ status: 503, code: "auth-not-configured" });
    expect(answer.detail).toContain("API_JWKS");
    expect(answer.detail).toContain(where);
    expect(answer.detail).not.toContain("hidden");
  });

  it("but is enough by itself when it is right", async () => {
    const issuer = await newIssuer({}, { API_TOKENS: "" });
    expect((await issuer.ask(await issuer.sign())).status).toBe(200);
    expect((await issuer.ask("hs_guess")).status).toBe(401);
  });
});
