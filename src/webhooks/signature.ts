/** Signatures after Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body. */

import { Webhook } from "standardwebhooks";

/** Bytes of a secret that we make. The specification asks for 24 to 64. */
const SECRET_BYTES = 32;

/** A new signing secret. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

/** What is wrong with a secret that a client brought, or undefined. */
export function secretProblem(secret: string): string | undefined {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  if (!match?.[1] || match[1].length % 4 !== 0) return "a secret is `whsec_` followed by base64";
  const bytes = atob(match[1]).length;
  return bytes >= 24 && bytes <= 64 ? undefined : "a secret has 24 to 64 bytes";
}

/** The headers that let the receiver check who sent a body, and when. */
export function signatureHeaders(secret: string, id: string, body: string, now: Date): Record<string, string> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, now, body),
  };
}
