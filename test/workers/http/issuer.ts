/** An issuer of JWTs, whose keys the service fetches, and a service that trusts it. */

import { type JWTPayload, SignJWT, exportJWK, generateKeyPair } from "jose";
import { vi } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { deploymentWith } from "./tokens.ts";

const AUDIENCE = "headspring";
let issuers = 0;

/** The key's own algorithm, and the JWT's, which may differ. */
export async function newKey(kid: string, alg = "ES256") {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}
type Key = Awaited<ReturnType<typeof newKey>>;

/** An issuer of its own: what other tests have fetched is not its. */
export async function newIssuer(configuration: object = {}, variables: object = {}) {
  const iss = `https://issuer-${++issuers}.example/`;
  const url = `${iss}keys`;
  const first = await newKey("first");
  const issuer = {
    iss,
    url,
    keys: [first] as readonly { readonly jwk: object }[],
    /** From here on as another isolate, which knows nothing yet. */
    forget: () => {
      API_JWKS += " ";
      deployment = deploymentWith({ API_JWKS, ...variables });
    },
    /** How often the service has asked for the keys. */
    asked: 0,
    /** What it answers instead of the keys. */
    answer: undefined as (() => Response | Promise<Response>) | undefined,
    sign: async (claims: JWTPayload = {}, key: Key = first, header: object = {}) => {
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({ iss, aud: AUDIENCE, sub: "a user", exp: now + 600, stores: ["mine"], rights: ["read", "write"], ...claims })
        .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
        .sign(key.privateKey);
    },
    ask: async (jwt: string, method = "GET", path = "/stores/mine/log", headers: object = {}) =>
      http.request(
        path,
        { method, headers: { ...headers, authorization: `Bearer ${jwt}` }, ...(method === "POST" ? { body: "{}" } : {}) },
        deployment,
      ),
  };
  const http = createHttp(app);
  let API_JWKS = JSON.stringify({ url, issuer: iss, audience: AUDIENCE, ...configuration });
  let deployment = deploymentWith({ API_JWKS, ...variables });
  const outside = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (new Request(input).url !== url) return outside(input, init);
    issuer.asked += 1;
    return issuer.answer ? issuer.answer() : Response.json({ keys: issuer.keys.map(({ jwk }) => jwk) });
  });
  return issuer;
}
