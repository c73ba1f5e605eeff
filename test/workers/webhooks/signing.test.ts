import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { eventually } from "../delivery/support.ts";
import { read as readJson } from "../support.ts";
import { type Delivery, subscribed } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const partsOf = ({ headers }: Delivery) => (headers.get("webhook-signature") ?? "").split(" ");

/** Checks as a receiver does who has only the public key. */
async function isSignedBy(publicKey: string, delivery: Delivery): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", bytesOf(publicKey.replace("whpk_", "")), { name: "Ed25519" }, true, ["verify"]);
  const { headers, body } = delivery;
  const content = new TextEncoder().encode(`${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`);
  const signatures = partsOf(delivery).filter((part) => part.startsWith("v1a,"));
  const checks = signatures.map((part) => crypto.subtle.verify("Ed25519", key, bytesOf(part.slice(4)), content));
  return (await Promise.all(checks)).includes(true);
}

describe("rotating a webhook's secret", () => {
  it("lets both secrets sign for 24 hours, and shows the new one once", async () => {
    const { post, json, read, wake, webhook, endpoint } = await subscribed("rotate");
    const response = await post(`/webhooks/${webhook.id}/rotate-secret`, undefined);
    expect(response.status).toBe(200);
    const { secret, previousUntil } = await readJson(response);
    expect(secret).toMatch(/^whsec_/);
    expect(secret).not.toBe(webhook.secret);
    expect(Math.round((Date.parse(previousUntil) - Date.now()) / 3_600_000)).toBe(24);
    for (const path of ["/webhooks", `/webhooks/${webhook.id}`]) expect(JSON.stringify(await json(path))).not.toContain("whsec_");

    const deliver = async (count: number) => {
      await read("s", count);
      await wake();
      await eventually(() => expect(endpoint.received).toHaveLength(count));
      return endpoint.received.at(-1) as Delivery;
    };
    const during = await deliver(1);
    expect(partsOf(during)).toHaveLength(2);
    for (const one of [secret, webhook.secret])
      expect(() => new Webhook(one).verify(during.body, Object.fromEntries(during.headers))).not.toThrow();

    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + 24 * 3_600_000 + 1_000);
    const after = await deliver(2);
    expect(partsOf(after)).toHaveLength(1);
    expect(() => new Webhook(secret).verify(after.body, Object.fromEntries(after.headers))).not.toThrow();
  });

  it("again keeps the whole overlap, as far as a header has room for it", async () => {
    const { post, read, wake, webhook, endpoint } = await subscribed("again");
    for (let time = 0; time < 8; time++) await post(`/webhooks/${webhook.id}/rotate-secret`, {});
    const own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    expect(await readJson(await post(`/webhooks/${webhook.id}/rotate-secret`, { secret: own }))).toMatchObject({ secret: own });
    expect((await post(`/webhooks/${webhook.id}/rotate-secret`, { secret: "short" })).status).toBe(400);
    await read("s", 1);
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(1));
    expect(partsOf(endpoint.received[0] as Delivery)).toHaveLength(5);
  });
});

describe("a webhook that signs asymmetrically", () => {
  it("can be verified with the key at its well-known URL, by anybody, and with the secret too", async () => {
    const { get, read, wake, post, webhook, endpoint } = await subscribed("ed25519", { asymmetric: true });
    await read("s", 1);
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(1));
    const [delivery] = endpoint.received as [Delivery];
    const { keys } = await readJson(await get(`/.well-known/webhooks/${webhook.id}`));
    expect(keys).toEqual([{ algorithm: "ed25519", publicKey: expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/) }]);
    expect(await isSignedBy(keys[0].publicKey, delivery)).toBe(true);
    expect(await isSignedBy(keys[0].publicKey, { ...delivery, body: `${delivery.body} ` })).toBe(false);
    expect(() => new Webhook(webhook.secret).verify(delivery.body, Object.fromEntries(delivery.headers))).not.toThrow();

    await post(`/webhooks/${webhook.id}/rotate-secret`, {});
    await read("s", 2);
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(2));
    const rotated = await readJson(await get(`/.well-known/webhooks/${webhook.id}`));
    expect(rotated.keys).toEqual([
      { algorithm: "ed25519", publicKey: expect.any(String) },
      { ...keys[0], until: expect.stringMatching(/Z$/) },
    ]);
    for (const { publicKey } of rotated.keys) expect(await isSignedBy(publicKey, endpoint.received[1] as Delivery)).toBe(true);
  });

  it("gets another pair of keys with another secret, also while it is paused", async () => {
    const { get, post, send, webhook } = await subscribed("paused-keys", { asymmetric: true });
    const keys = async () => (await readJson(await get(`/.well-known/webhooks/${webhook.id}`))).keys;
    const [before] = await keys();
    await send("PATCH", `/webhooks/${webhook.id}`, { paused: true });
    await post(`/webhooks/${webhook.id}/rotate-secret`, {});
    expect(await keys()).toEqual([
      { algorithm: "ed25519", publicKey: expect.not.stringContaining(before.publicKey) },
      { ...before, until: expect.any(String) },
    ]);
  });

  it("shows its keys without a token, and nothing else", async () => {
    const { store, webhook } = await subscribed("open", { asymmetric: true });
    const ask = (path: string) =>
      createHttp(app).fetch(new Request(`http://headspring/stores/${store}${path}`), {
        ...env,
        HEADSPRING_ENV: "deployed",
        API_TOKENS: "[]",
      });
    expect((await ask(`/.well-known/webhooks/${webhook.id}`)).status).toBe(200);
    expect((await ask(`/webhooks/${webhook.id}`)).status).toBe(401);
    expect((await ask(`/.well-known/webhooks/${webhook.id}/deliveries`)).status).toBe(401);
  });

  it("is the only kind that has keys", async () => {
    const { get, webhook } = await subscribed("none");
    expect((await get(`/.well-known/webhooks/${webhook.id}`)).status).toBe(404);
    expect((await get(`/.well-known/webhooks/nobody`)).status).toBe(404);
  });
});
