/** An issuer's keys, from a real server. */

import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { IssuerKeys } from "../../src/http/auth-keys.ts";

let server: Server;
let base: string;
const asked: string[] = [];
const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg: "ES256" }] });
let sent = 0;

beforeAll(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/keys") return void response.setHeader("content-type", "application/json").end(jwks);
    if (request.url === "/elsewhere") return void response.writeHead(302, { location: "/keys" }).end();
    if (request.url === "/cut") return void response.writeHead(200, { "content-length": "1000" }).write(jwks, () => response.destroy());
    // It never ends.
    const timer = setInterval(() => response.write(" ".repeat(16_384), () => (sent += 16_384)), 1);
    response.on("close", () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

const jwt = await new SignJWT({ sub: "me" }).setProtectedHeader({ alg: "ES256", kid: "k" }).sign(privateKey);

describe("an issuer's keys", () => {
  it("verify its signatures", async () => {
    expect((await jwtVerify(jwt, new IssuerKeys(`${base}/keys`).find)).payload.sub).toBe("me");
  });

  it.each(["/elsewhere", "/endless", "/cut"])(
    "are not taken from an answer that leads elsewhere, never ends, or breaks off: %s",
    async (path) => {
      await expect(jwtVerify(jwt, new IssuerKeys(base + path).find)).rejects.toThrow("could not be fetched");
      expect(asked.at(-1)).toBe(path); // no redirect is followed
      expect(sent).toBeLessThan(2_000_000); // what is read is bounded; what the network holds besides is not ours
    },
  );
});
