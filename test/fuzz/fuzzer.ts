/**
 * Sends a store what nobody should send, and holds every answer and the store itself against what is promised.
 *
 * Requests come in rounds, each to a store of its own. After a round the store may hold what was acknowledged and nothing
 * else, and another store must take a valid write and show it. Every seed and number make the same request again.
 */

import type { OpenApi } from "../../src/http/openapi/document.ts";
import { breakHttp } from "./broken.ts";
import { decoded, judge, problemOf } from "./judge.ts";
import { Ledger } from "./ledger.ts";
import { Random } from "./random.ts";
import { type FuzzRequest, type Target, fuzzRequest, targetsOf } from "./requests.ts";
import type { Callers } from "./tokens.ts";
import { type Answer, Wire } from "./wire.ts";

/** Requests of one round, and how many of them are under way at once. */
const ROUND = 250;
const AT_ONCE = 12;
/**
 * Bytes of a body beyond which its answer may be lost: the runtime answers before it has read a body that nobody wants, and
 * closes the connection. What reaches the client first, the answer or the end of the connection, is a race.
 */
const UNREAD_BYTES = 16_384;

export interface Finding {
  readonly number: number;
  readonly what: string;
  readonly request?: FuzzRequest;
  readonly answer?: string;
}

export interface Report {
  /** Requests by kind and status. */
  readonly counts: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
}

export interface FuzzOptions {
  readonly url: string;
  readonly callers: Callers;
  readonly seed: number;
  readonly requests: number;
  /** The first request's number; with one request it is made again alone. */
  readonly from?: number;
  /** Called after every round. */
  readonly onRound?: (sent: number, findings: readonly Finding[]) => void;
}

export async function fuzz({ url, callers, seed, requests, from = 0, onRound }: FuzzOptions): Promise<Report> {
  const wire = new Wire(url, AT_ONCE);
  const fuzzer = new Fuzzer(wire, callers, seed);
  try {
    await fuzzer.learn();
    for (let first = from; first < from + requests; first += ROUND) {
      await fuzzer.round(first, Math.min(first + ROUND, from + requests));
      onRound?.(Math.min(first + ROUND, from + requests) - from, fuzzer.findings);
    }
    return fuzzer;
  } finally {
    wire.close();
  }
}

class Fuzzer implements Report {
  readonly counts = new Map<string, number>();
  readonly findings: Finding[] = [];
  readonly #wire: Wire;
  readonly #callers: Callers;
  readonly #seed: number;
  #targets: readonly Target[] = [];

  constructor(wire: Wire, callers: Callers, seed: number) {
    this.#wire = wire;
    this.#callers = callers;
    this.#seed = seed;
  }

  /** What there is to send to. */
  async learn(): Promise<void> {
    this.#targets = targetsOf(await this.#read<OpenApi>("/openapi.json"));
  }

  async round(first: number, end: number): Promise<void> {
    const store = `fuzz-${this.#seed}-${Math.floor(first / ROUND)}`;
    const ledger = new Ledger();
    let next = first;
    const worker = async () => {
      for (let number = next++; number < end; number = next++) await this.#one(number, store, ledger);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    try {
      for (const what of await ledger.surplus((path) => this.#read(`/stores/${store}${path}`))) {
        this.findings.push({ number: first, what: `round ${first}: the store ${store} holds what nobody was told of: ${what}` });
      }
      await this.#isAlive(first);
    } catch (error) {
      this.findings.push({ number: first, what: `round ${first}: the store does not work any more: ${String(error)}` });
    }
  }

  async #one(number: number, store: string, ledger: Ledger): Promise<void> {
    const random = new Random(this.#seed, number);
    const kind = random.next();
    if (kind < 0.02) return this.#broken(number, random, store);
    // No request of the last kind may do anything.
    const isForbidden = kind < 0.25;
    const bearer = isForbidden ? random.pick(this.#callers.forbidden) : this.#callers.all;
    const plain = fuzzRequest(random, this.#targets, store);
    const request = { ...plain, headers: { ...plain.headers, ...(bearer === "" ? {} : { Authorization: bearer }) } };
    let answer: Answer;
    try {
      answer = await this.#wire.send(request);
    } catch (error) {
      const isCut = isReset(error) && (plain.body?.length ?? 0) > UNREAD_BYTES;
      this.#count(isForbidden ? "forbidden" : "mutated", isCut ? "cut" : "none");
      if (!isCut) this.findings.push({ number, what: `no answer: ${String(error)}`, request: plain });
      return;
    }
    this.#count(isForbidden ? "forbidden" : "mutated", answer.status);
    ledger.note(request, answer);
    const fault = judge(request, answer) ?? (isForbidden ? forbiddenFault(request, answer) : undefined);
    if (fault) this.findings.push({ number, what: `${answer.status}: ${fault}`, request: plain, answer: answer.text.slice(0, 500) });
  }

  async #broken(number: number, random: Random, store: string): Promise<void> {
    // A request may be cut off behind its last byte. Then it is whole, and may be carried out: hence a store that no round looks at.
    const { what, text } = await breakHttp(random, this.#wire, `${store}-broken`, this.#callers.secret);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? "none";
    this.#count("broken", status);
    if (/^HTTP\/1\.1 5/m.test(text) && !/^HTTP\/1\.1 50[15]/.test(text))
      this.findings.push({ number, what: `${what}: ${text.slice(0, 500)}` });
    const { head } = await this.#read<{ head: number }>(`/stores/${store}-broken/log/head`);
    if (head > 0) this.findings.push({ number, what: `${what}: an event was stored` });
  }

  /** Another store takes a valid write, and shows it. */
  async #isAlive(number: number): Promise<void> {
    const id = `alive-${this.#seed}-${number}`;
    const headers = { Authorization: this.#callers.all, "Content-Type": "application/json", Prefer: "wait=20" };
    const path = `/stores/valid/aggregates/counter/${id}`;
    const written = await this.#wire.send({ method: "POST", path: `${path}/Count`, headers, body: Buffer.from('{"by":3}') });
    if (written.status !== 200) throw new Error(`a valid command is answered ${written.status} ${written.text}`);
    const { version } = await this.#read<{ version: number }>(path);
    if (version < 1) throw new Error("what was written is not there");
  }

  async #read<Body>(path: string): Promise<Body> {
    const { status, text } = await this.#wire.send({ method: "GET", path, headers: { Authorization: this.#callers.all } });
    if (status !== 200) throw new Error(`GET ${path} is answered ${status} ${text.slice(0, 200)}`);
    return JSON.parse(text) as Body;
  }

  #count(kind: string, status: number | string): void {
    const key = `${kind} ${status}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

function isReset(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE"].includes((error as { code?: string }).code ?? "");
}

/** Paths that are open to all, or, as `/caller`, to every token, which learns there what it allows. */
const OPEN = /^(?:\/|(?:\/stores\/[^/]+)?\/caller|\/health|\/problems(?:\/[^/]+)?|(?:\/stores\/[^/]+)?\/\.well-known\/webhooks\/[^/]+)$/;

/** A client without the right finds nothing, is refused, or gets what is open to all. */
function forbiddenFault(request: FuzzRequest, { status, text }: Answer): string | undefined {
  // A path that leads nowhere needs no right. It is refused for the name of its store, or because it cannot be decoded.
  if (status === 400 && (text.includes("the name of a store") || problemOf(text)?.code === "invalid-path")) return undefined;
  return [401, 403, 404, 405].includes(status) || OPEN.test(decoded(request.path)) ? undefined : "it was answered without the right to ask";
}
