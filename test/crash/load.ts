/** Clients at work: they write, repeat what they have written, and ask for what was acknowledged. A crash is no reason to stop. */

import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { type Hostile, hostile } from "./hostile.ts";
import { type Observation, touchedBy } from "./observations.ts";
import type { Operator } from "./operator.ts";
import type { Random } from "./random.ts";
import { type FirstAnswer, type Write, Writes } from "./writes.ts";

/** Two stores in one deployment. */
export const STORES = ["default", "second"] as const;
/** Clients at work at the same time. */
const CLIENTS = 6;
/** Longer than anything may be waited for that is asked here: who waits longer waits for nobody. */
const TIMEOUT_MS = 45_000;
const ENDED = "410 stream-deleted";

/** What clients have done, and what they saw that they should not have seen. */
export class Load {
  readonly writes: Write[] = [];
  readonly violations: { readonly repeats: string[]; readonly reads: string[]; readonly refused: string[] } = {
    repeats: [],
    reads: [],
    refused: [],
  };
  readonly counts = { requests: 0, repeats: 0, reads: 0, refused: 0 };
  /** What views have shown. */
  readonly observations: Observation[] = [];
  /** Works alongside the clients. */
  operator: Operator | undefined;
  readonly #url: string;
  readonly #random: Random;
  #working = false;
  #clients: Promise<unknown> = Promise.resolve();
  #rounds = 0;
  #acknowledged = (_write: Write) => {};
  /** Acknowledgements so far. */
  acknowledged = 0;

  constructor(url: string, random: Random) {
    this.#url = url;
    this.#random = random;
  }

  /** Lets the clients begin. */
  start(): void {
    this.#working = true;
    const round = ++this.#rounds;
    const clients = Array.from({ length: CLIENTS }, (_, client) => this.#work(this.#random.fork(), `w${round}-${client}`));
    this.#clients = Promise.all([...clients, this.operator?.work(() => this.#working)]);
  }

  /** Lets them end what they are at. */
  async stop(): Promise<void> {
    this.#working = false;
    await this.#clients;
  }

  /** The next acknowledgement without a position: only an alarm guarantees the event's way to the log. */
  nextWithoutPosition(): Promise<Write> {
    return new Promise((resolve) => {
      this.#acknowledged = (write) => write.answer?.position === undefined && resolve(write);
    });
  }

  /** Sends every write whose outcome is not known again, until it is. */
  async resolve(): Promise<void> {
    for (const write of this.writes.filter(({ fate, repeatable, problem }) => fate === "unknown" && repeatable && problem !== ENDED)) {
      for (let attempt = 0; write.fate === "unknown" && attempt < 20; attempt++) {
        await this.#send(write);
        if (write.fate === "unknown") await sleep(100);
      }
      if (write.fate === "unknown" && write.problem !== ENDED) this.violations.repeats.push(`${write.id} (${write.path}) gets no answer`);
    }
  }

  /** Asks for the outcomes of commands that were accepted for later. */
  async outcomes(from: number): Promise<void> {
    for (const write of this.writes.slice(from).filter(({ fate, asynchronous }) => fate === "acknowledged" && asynchronous)) {
      const path = write.path.replace(/[^/]+$/, `commands/${write.headers["idempotency-key"]}?wait=10`);
      const { status, body } = await this.request(write.store, "GET", path);
      this.counts.reads++;
      if (status !== 200 || body.status !== "accepted")
        this.violations.reads.push(`${write.id} was accepted, then: ${status} ${JSON.stringify(body)}`);
      else write.answer ??= body as unknown as NonNullable<Write["answer"]>;
    }
  }

  async request(
    store: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
    this.counts.requests++;
    const response = await fetch(`${this.#url}/stores/${store}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  async #work(random: Random, name: string): Promise<void> {
    const making = new Writes(random, name);
    const own: Write[] = [];
    let bad = 0;
    while (this.#working) {
      const deed = random.weighted({ write: 72, repeat: 10, read: 12, bad: 6 });
      const earlier = own.length > 0 ? random.pick(own) : undefined;
      try {
        if (deed === "repeat" && earlier?.repeatable) await this.#repeat(earlier);
        else if (deed === "read" && earlier) await this.#read(earlier, random);
        else if (deed === "bad") await this.#refuse(random.pick(STORES), hostile(random, `${name}-${++bad}`, earlier), earlier);
        else {
          const write = this.#conditional(making.next(random.pick(STORES)), random, own);
          if (await this.#send(write)) this.writes.push(write);
          if (write.fate === "acknowledged") own.push(write);
          // What was never answered is sent again by half of those who can, as soon as there is somebody to answer.
          while (write.fate === "unknown" && write.problem !== ENDED && write.repeatable && this.#working && random.chance(0.5)) {
            await sleep(random.int(10, 400));
            await this.#send(write);
          }
        }
      } catch {
        await sleep(50); // nobody answers
      }
      await sleep(random.int(0, 30));
    }
  }

  /** Some counters are counted only from the version that this client has seen last (promise 2). */
  #conditional(write: Write, random: Random, own: readonly Write[]): Write {
    if (!write.stream.startsWith("counter/") || !random.chance(0.3)) return write;
    const version = own.findLast(({ store, stream }) => store === write.store && stream === write.stream)?.answer?.version;
    return version === undefined ? write : { ...write, expected: version, headers: { ...write.headers, "if-match": `"${version}"` } };
  }

  /** @returns whether it may have been received */
  async #send(write: Write): Promise<boolean> {
    try {
      const answer = await this.request(write.store, write.method, write.path, write.body, write.headers);
      if (answer.status < 300) this.#acknowledge(write, answer);
      else {
        write.problem = `${answer.status} ${String(answer.body.code)}`;
        // Once a stream has ended, no client can learn what was stored before.
        const isNews = write.fate === "under-way" || write.problem !== ENDED;
        write.fate = answer.status < 500 && isNews ? "turned-down" : "unknown";
      }
      return true;
    } catch (error) {
      if (write.fate !== "under-way") return true; // sent before
      write.fate = "unknown";
      await sleep(50);
      return !isRefused(error);
    }
  }

  #acknowledge(write: Write, { status, headers, body }: { status: number; headers: Headers; body: Record<string, unknown> }): void {
    write.fate = "acknowledged";
    this.acknowledged += 1;
    write.first ??= { status, etag: headers.get("etag"), body };
    if (!write.asynchronous && write.types[0] !== "SagaStarted" && body.version !== undefined)
      write.answer = body as unknown as NonNullable<Write["answer"]>;
    this.#acknowledged(write);
  }

  /** Promise 8. */
  async #repeat(write: Write): Promise<void> {
    const { status, headers, body } = await this.request(write.store, write.method, write.path, write.body, write.headers);
    if (status >= 500) return;
    this.counts.repeats++;
    const isOver = status === 410 && /^(?:note|memo)\//.test(write.stream);
    if (isOver || (status < 300 && isSameAnswer(write, { status, etag: headers.get("etag"), body }))) {
      // An answer for later, and an import's counts, say themselves what they are.
      if (isOver || write.asynchronous || write.imported || headers.get("idempotent-replayed") === "true") return;
    }
    this.violations.repeats.push(`a repeat of ${write.id} got ${status} ${JSON.stringify(body)} instead of ${JSON.stringify(write.first)}`);
  }

  /** Promise 9. */
  async #refuse(anywhere: string, bad: Hostile, earlier: Write | undefined): Promise<void> {
    const { what, method, path, body, headers, statuses } = bad;
    const store = earlier !== undefined && path === earlier.path ? earlier.store : anywhere;
    const answer = await this.request(store, method, path, body, headers);
    if (answer.status >= 500) return; // it is dying
    this.counts.refused++;
    if (!statuses.includes(answer.status))
      this.violations.refused.push(`${what} (${method} ${path}) got ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Promise 7: what was acknowledged is in the stream, and in a view that has reached its position. */
  async #read(write: Write, random: Random): Promise<void> {
    const { answer, stream } = write;
    if (!answer || /^(?:note|memo)\//.test(stream)) return;
    const { status, body } = await this.request(write.store, "GET", `/streams/${stream}?from=${answer.version}&limit=1`);
    if (status >= 500) return;
    this.counts.reads++;
    const [event] = (body.events ?? []) as { id: string }[];
    if (event?.id !== answer.events?.at(-1)?.id)
      this.violations.reads.push(`${write.id}: ${stream} has ${JSON.stringify(event)} at ${answer.version}`);
    if (answer.position === undefined) return;
    const [view, key] = touchedBy(write, random) ?? [];
    if (view === undefined || key === undefined) return;
    const shown = await this.request(write.store, "GET", `/views/${view}/${key}?minPosition=${answer.position}`);
    if (shown.status !== 200 && shown.body.code !== "unknown-row") return;
    const position = Number(shown.headers.get("headspring-position"));
    if (!(position >= answer.position))
      this.violations.reads.push(`${write.id}: a view that must be at ${answer.position} says that it is at ${position}`);
    this.observations.push({ store: write.store, view, key, position, row: shown.status === 200 ? shown.body : undefined });
  }
}

/** Whether a repeat is answered as the first time, member by member. Positions may be there in one and not yet in the other. */
function isSameAnswer({ first, imported, types }: Write, again: FirstAnswer): boolean {
  if (first === undefined) return true;
  if (imported) return isDeepStrictEqual(again.body, { lines: imported.length, imported: 0, known: imported.length });
  // What a saga's start answers is how far it is.
  if (types[0] === "SagaStarted") return again.body.id === first.body.id && again.body.saga === first.body.saga;
  const [before, now] = [positionsOf(first.body), positionsOf(again.body)];
  return (
    again.status === first.status &&
    again.etag === first.etag &&
    isDeepStrictEqual(withoutPositions(again.body), withoutPositions(first.body)) &&
    before.every((position, index) => position === undefined || now[index] === undefined || position === now[index])
  );
}

type Positioned = { readonly position?: number; readonly events?: readonly { readonly position?: number }[] };

function positionsOf({ position, events = [] }: Positioned): (number | undefined)[] {
  return [position, ...events.map((event) => event.position)];
}

function withoutPositions(body: FirstAnswer["body"]): object {
  return JSON.parse(JSON.stringify(body, (key, value: unknown) => (key === "position" ? undefined : value))) as object;
}

/** Nobody listened: the request was not received. */
function isRefused(error: unknown): boolean {
  return String((error as { cause?: { code?: string } }).cause?.code) === "ECONNREFUSED";
}
