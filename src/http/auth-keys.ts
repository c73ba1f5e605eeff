/**
 * An issuer's public keys, by which its JWTs are verified: fetched when they are needed, kept in memory, and shared with the isolates of
 * the same location by the platform's cache. They stay valid for a day while the issuer does not answer.
 */

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { logger } from "../telemetry/logger.ts";
import { boundedText } from "../core/bounded-text.ts";
import { within } from "../core/within.ts";
import { JWKS_BYTES, JWKS_FRESH_MS, JWKS_LIFETIME_MS, JWKS_PAUSE_MS, JWKS_TIMEOUT_MS } from "./limits.ts";

/** The issuer does not answer, and its keys are not known, or too old. */
export class KeysUnavailable extends Error {}

interface Known {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  /** Milliseconds since 1970. */
  readonly fetchedAt: number;
}

/** The platform's cache, of which only this is used. */
interface Shared {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<void>;
}

const SHARED_NAME = "headspring-keys";
const FETCHED_AT = "headspring-fetched-at";

export class IssuerKeys {
  readonly #url: string;
  #known: Known | undefined;
  /** When the issuer was last asked. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * The key that a JWT's header names. A key that is not known may be a new one: the issuer is asked again, but not often.
   *
   * @throws {KeysUnavailable} when there are no keys to look among
   * @throws {errors.JOSEError} when none of them is the one
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const known = await this.#current();
    try {
      return await known.find(header, token);
    } catch (error) {
      const isAsked = this.#mayAsk() || this.#asking !== undefined;
      if (!(error instanceof errors.JWKSNoMatchingKey) || !isAsked) throw error;
      await this.#ask();
      return (this.#known ?? known).find(header, token);
    }
  };

  async #current(): Promise<Known> {
    if (!this.#known) await this.#readShared();
    if (this.#age() >= JWKS_FRESH_MS && (this.#mayAsk() || this.#asking)) await this.#ask();
    if (this.#known && this.#age() < JWKS_LIFETIME_MS) return this.#known;
    throw new KeysUnavailable("the issuer's keys could not be fetched");
  }

  #age(): number {
    return this.#known ? Date.now() - this.#known.fetchedAt : Number.POSITIVE_INFINITY;
  }

  #mayAsk(): boolean {
    return Date.now() - this.#askedAt >= JWKS_PAUSE_MS;
  }

  /** Asks the issuer, once for all requests that wait. A failure is logged; what was known stays. */
  async #ask(): Promise<void> {
    if (this.#mayAsk()) {
      this.#askedAt = Date.now();
      this.#asking = this.#fetch()
        .catch((error: unknown) => logger.warn({ message: "the keys of an issuer of JWTs could not be fetched" }, error))
        .finally(() => (this.#asking = undefined));
    }
    // The platform ends what a request has begun together with that request: others do not wait for it for ever.
    await within(JWKS_TIMEOUT_MS, this.#asking ?? Promise.resolve(), () => (this.#asking = undefined));
  }

  async #fetch(): Promise<void> {
    const response = await fetch(this.#url, {
      headers: { accept: "application/jwk-set+json, application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(JWKS_TIMEOUT_MS),
    });
    if (response.status !== 200) throw new Error(`the issuer answered ${response.status}`);
    const text = response.body ? await boundedText(response.body, JWKS_BYTES, tooLarge, new TextDecoder()) : "";
    this.#known = { find: keysIn(text), fetchedAt: Date.now() };
    await this.#writeShared(text, this.#known.fetchedAt).catch(() => {}); // it only spares others the call
  }

  async #readShared(): Promise<void> {
    try {
      const cached = await (await shared())?.match(this.#url);
      const fetchedAt = Number(cached?.headers.get(FETCHED_AT));
      const age = Date.now() - fetchedAt;
      if (cached && age >= 0 && age < JWKS_LIFETIME_MS) this.#known ??= { find: keysIn(await cached.text()), fetchedAt };
    } catch {
      // As without it.
    }
  }

  async #writeShared(text: string, fetchedAt: number): Promise<void> {
    const headers = { "cache-control": `max-age=${JWKS_LIFETIME_MS / 1_000}`, [FETCHED_AT]: String(fetchedAt) };
    await (await shared())?.put(this.#url, new Response(text, { headers }));
  }
}

/** A cache of its own: what others fetch from the same address is not in it. Node has none. */
async function shared(): Promise<Shared | undefined> {
  return typeof caches === "undefined" ? undefined : caches.open(SHARED_NAME);
}

/** @throws {Error} when the text is not a set of keys */
function keysIn(text: string): Known["find"] {
  return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet); // which checks its form
}

function tooLarge(): Error {
  return new Error(`the issuer's keys have more than ${JWKS_BYTES} bytes`);
}
