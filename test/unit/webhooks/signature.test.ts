import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { newSecret, secretProblem, signatureHeaders as headersOf } from "../../../src/webhooks/signature.ts";

const body = '{"type":"OrderReady","timestamp":"2026-11-21T06:00:00Z","data":{"note":"naïve 🍵"}}';
const signatureHeaders = (secret: string, id: string, text: string, now: Date) => headersOf({ secrets: [secret], keys: [] }, id, text, now);
const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, "x").toString("base64")}`;

describe("promise 6: a delivery is signed by the Standard Webhooks scheme", () => {
  it("like the example that the scheme's libraries are tested with", async () => {
    const headers = await signatureHeaders(
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      "msg_p5jXN8AQM9LWM0D4loKWxJek",
      '{"test": 2432232314}',
      new Date(1_614_265_330_000),
    );
    expect(headers).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("so that the published library verifies it", async () => {
    const secret = newSecret();
    expect(new Webhook(secret).verify(body, await signatureHeaders(secret, "msg_1", body, new Date()))).toEqual(JSON.parse(body));
  });

  it("over id, time and body, with the secret: if one changes, it is refused", async () => {
    const secret = newSecret();
    const headers = await signatureHeaders(secret, "msg_1", body, new Date());
    const verifier = new Webhook(secret);
    expect(() => verifier.verify(body.replace("OrderReady", "OrderLost"), headers)).toThrow("No matching signature found");
    expect(() => verifier.verify(body, { ...headers, "webhook-id": "msg_2" })).toThrow("No matching signature found");
    const later = String(Number(headers["webhook-timestamp"]) + 1);
    expect(() => verifier.verify(body, { ...headers, "webhook-timestamp": later })).toThrow("No matching signature found");
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow("No matching signature found");
  });

  it.each([24, 25, 32, 64, 200])("with a secret of %i bytes, as the published library signs", async (bytes) => {
    const secret = secretOf(bytes);
    const now = new Date(1_700_000_000_000);
    const headers = await signatureHeaders(secret, "msg_1", body, now);
    expect(headers["webhook-signature"]).toBe(new Webhook(secret).sign("msg_1", now, body));
    expect(await signatureHeaders(secret.replace("whsec_", ""), "msg_1", body, now)).toEqual(headers);
  });

  it("not with a secret that is not base64, and the error does not quote it", async () => {
    const signing = signatureHeaders("whsec_not*base64*at*all", "msg_1", body, new Date());
    await expect(signing).rejects.toThrow(new TypeError("the webhook's secret or key is not base64"));
  });

  it("with whole seconds, rounded down as the receiver does", async () => {
    const secret = newSecret();
    const headers = await signatureHeaders(secret, "msg_1", body, new Date(1_999));
    expect(headers).toEqual(await signatureHeaders(secret, "msg_1", body, new Date(1_000)));
    expect(headers["webhook-timestamp"]).toBe("1");
  });
});

describe("a secret", () => {
  it("that the store makes is valid, and a different one each time", () => {
    const secrets = Array.from({ length: 50 }, newSecret);
    expect(new Set(secrets).size).toBe(50);
    for (const secret of secrets) expect(secretProblem(secret)).toBeUndefined();
  });

  it.each(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", secretOf(24), secretOf(25), secretOf(26), secretOf(64)])("may be %s", (secret) =>
    expect(secretProblem(secret)).toBeUndefined(),
  );

  it.each([
    ["", "a secret must be `whsec_` followed by base64"],
    ["whsec_", "a secret must be `whsec_` followed by base64"],
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a secret must be `whsec_` followed by base64"],
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "a secret must be `whsec_` followed by base64"],
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_", "a secret must be `whsec_` followed by base64"],
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa===", "a secret must be `whsec_` followed by base64"],
    ["whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a secret must be `whsec_` followed by base64"],
    [secretOf(23), "a secret must have 24 to 64 bytes"],
    [secretOf(65), "a secret must have 24 to 64 bytes"],
  ])("may not be %j, and the client gets the reason", (secret, problem) => expect(secretProblem(secret)).toBe(problem));
});
