/** What a webhook signs with: its secrets, which are replaced with an overlap, and its pair of keys if it asked for one. */

import { WEBHOOK_OVERLAP_HOURS, WEBHOOK_SECRETS } from "./limits.ts";
import type { PublicKeys, Subscription } from "../store/webhook-protocol.ts";
import { type KeyPair, type Signers, newKeyPair, signingKey } from "./signature.ts";

const OVERLAP_MS = WEBHOOK_OVERLAP_HOURS * 3_600_000;

/** A pair of keys, and until when it signs (milliseconds since 1970) if it was replaced. */
interface StoredPair extends KeyPair {
  readonly until?: number;
}

/** The subscription with another secret; the previous one still signs for a while. */
export function rotated(subscription: Subscription, secret: string, now: number): Subscription {
  const { secret: before, previous = [] } = subscription;
  const overlapping = [{ secret: before, until: now + OVERLAP_MS }, ...previous.filter(({ until }) => until > now)];
  return { ...subscription, secret, previous: overlapping.slice(0, WEBHOOK_SECRETS - 1) };
}

/** The secrets that sign now. */
export function secretsOf({ secret, previous = [] }: Subscription, now: number): string[] {
  return [secret, ...previous.filter(({ until }) => until > now).map(({ secret }) => secret)];
}

/** When the secrets that a rotation replaces now will end, as RFC 3339. */
export function overlapEnd(now: number): string {
  return new Date(now + OVERLAP_MS).toISOString();
}

/** The pairs of keys of one webhook, made when they are first needed. */
export class Keys {
  readonly #storage: DurableObjectStorage;
  readonly #isThere: () => boolean;
  readonly #imported = new Map<string, CryptoKey>();

  /** @param isThere whether the webhook exists: it may be removed while a pair is made, and then keeps none */
  constructor(storage: DurableObjectStorage, isThere: () => boolean) {
    this.#storage = storage;
    this.#isThere = isThere;
  }

  async signing(now: number): Promise<Signers["keys"]> {
    await this.#ensure();
    return Promise.all(this.#valid(now).map((pair) => this.#import(pair)));
  }

  async public(now: number): Promise<PublicKeys> {
    await this.#ensure();
    const keys = this.#valid(now).map(({ publicKey, until }) => ({
      algorithm: "ed25519" as const,
      publicKey,
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    }));
    return { keys };
  }

  async rotate(now: number): Promise<void> {
    const pair = await newKeyPair();
    if (!this.#isThere()) return;
    const replaced = this.#valid(now).map(({ until = now + OVERLAP_MS, ...rest }) => ({ ...rest, until }));
    this.#storage.kv.put("keys", [pair, ...replaced].slice(0, WEBHOOK_SECRETS));
  }

  async #ensure(): Promise<void> {
    if (this.#stored().length > 0) return;
    const pair = await newKeyPair();
    if (this.#isThere() && this.#stored().length === 0) this.#storage.kv.put("keys", [pair]); // unless another call was faster
  }

  #valid(now: number): StoredPair[] {
    return this.#stored().filter(({ until }) => until === undefined || until > now);
  }

  #stored(): StoredPair[] {
    return this.#storage.kv.get<StoredPair[]>("keys") ?? [];
  }

  async #import(pair: StoredPair): Promise<CryptoKey> {
    const key = this.#imported.get(pair.publicKey) ?? (await signingKey(pair));
    this.#imported.set(pair.publicKey, key);
    return key;
  }
}
