/**
 * Signatures as Standard Webhooks defines them (https://www.standardwebhooks.com), over id, time and body: `v1`, HMAC-SHA256 with a shared
 * secret; and, if a webhook asks for it, `v1a` as well: Ed25519, which receivers check with a public key.
 */

/** Bytes of a secret that we make. The specification asks for 24 to 64. */
const SECRET_BYTES = 32;

/** The secrets and keys that sign, the newest first. */
export interface Signers {
  /** `whsec_…` */
  readonly secrets: readonly string[];
  /** Private keys of Ed25519. */
  readonly keys: readonly CryptoKey[];
}

/** A pair of keys as it is stored. */
export interface KeyPair {
  /** `whpk_` and the base64 of 32 bytes: the form in which the specification lets receivers store it. */
  readonly publicKey: string;
  /** PKCS #8, base64. */
  readonly privateKey: string;
}

/** A new signing secret. */
export function newSecret(): string {
  return `whsec_${toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))}`;
}

/** What is wrong with a secret that a client sent, or undefined. */
export function secretProblem(secret: string): string | undefined {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  if (!match?.[1] || match[1].length % 4 !== 0) return "a secret must be `whsec_` followed by base64";
  const bytes = atob(match[1]).length;
  return bytes >= 24 && bytes <= 64 ? undefined : "a secret must have 24 to 64 bytes";
}

export async function newKeyPair(): Promise<KeyPair> {
  // The types have no Ed25519 pair: what is generated for signing is always one.
  const { publicKey, privateKey } = (await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as CryptoKeyPair;
  const [raw, pkcs8] = await Promise.all([crypto.subtle.exportKey("raw", publicKey), crypto.subtle.exportKey("pkcs8", privateKey)]);
  return { publicKey: `whpk_${toBase64(raw as ArrayBuffer)}`, privateKey: toBase64(pkcs8 as ArrayBuffer) };
}

/** The private key, ready to sign. */
export async function signingKey({ privateKey }: KeyPair): Promise<CryptoKey> {
  return crypto.subtle.importKey("pkcs8", fromBase64(privateKey), { name: "Ed25519" }, false, ["sign"]);
}

/** The headers that let the receiver check the sender of a body, and the time. One signature for each signer: any of them is enough. */
export async function signatureHeaders({ secrets, keys }: Signers, id: string, body: string, now: Date): Promise<Record<string, string>> {
  const seconds = String(Math.floor(now.getTime() / 1_000));
  const content = new TextEncoder().encode(`${id}.${seconds}.${body}`);
  const symmetric = secrets.map(async (secret) => `v1,${toBase64(await crypto.subtle.sign("HMAC", await hmacKey(secret), content))}`);
  const asymmetric = keys.map(async (key) => `v1a,${toBase64(await crypto.subtle.sign("Ed25519", key, content))}`);
  const signatures = await Promise.all([...symmetric, ...asymmetric]);
  return { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signatures.join(" ") };
}

/** The key that a secret encodes. The secret of a webhook in code is the value of a variable, and may not be valid. */
async function hmacKey(secret: string): Promise<CryptoKey> {
  const bytes = fromBase64(secret.replace(/^whsec_/, ""));
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new TypeError("the webhook's secret or key is not base64");
  }
}

function toBase64(bytes: ArrayBuffer | Uint8Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}
