/** Clients at work: they write, repeat what they have written, and ask for what they have been told. A crash is no reason to stop. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random.ts";
import { type Write, Writes } from "./writes.ts";

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
  readonly violations: { readonly repeats: string[]; readonly reads: string[] } = { repeats: [], reads: [] };
  readonly counts = { requests: 0, repeats: 0, reads: 0 };
  readonly #url: string;
  readonly #random: Random;
  #working = false;
  #clients: Promise<unknown> = Promise.resolve();
  #rounds = 0;
  #acknowledged = (_write: Write) => {};

  constructor(url: string, random: Random) {
    this.#url = url;
    this.#random = random;
  }

  /** Lets the clients begin. */
  start(): void {
    this.#working = true;
    const round = ++this.#rounds;
    this.#clients = Promise.all(Array.from({ length: CLIENTS }, (_, client) => this.#work(this.#random.fork(), `w${round}-${client}`)));
  }

  /** Lets them end what they are at. */
  async stop(): Promise<void> {
    this.#working = false;
    await this.#clients;
  }

  /** The next acknowledgement that says nothing of a position: only an alarm stands for it. */
  nextWithoutPosition(): Promise<Write> {
    return new Promise((resolve) => {
      this.#acknowledged = (write) => write.answer?.position === undefined && resolve(write);
    });
  }

  /** Sends everything again of which it is not known what came of it, until it is. */
  async resolve(): Promise<void> {
    for (const write of this.writes.filter(({ fate, repeatable, problem }) => fate === "unknown" && repeatable && problem !== ENDED)) {
      for (let attempt = 0; write.fate === "unknown" && attempt < 20; attempt++) {
        await this.#send(write);
        if (write.fate === "unknown") await sleep(100);
      }
      if (write.fate === "unknown" && write.problem !== ENDED) this.violations.repeats.push(`${write.id} (${write.path}) gets no answer`);
    }
  }

  /** Asks for what became of commands that were accepted for later. */
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
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  async #work(random: Random, name: string): Promise<void> {
    const making = new Writes(random, name);
    const own: Write[] = [];
    while (this.#working) {
      const deed = random.weighted({ write: 88, repeat: 7, read: 5 });
      const earlier = own.length > 0 ? random.pick(own) : undefined;
      try {
        if (deed === "repeat" && earlier?.repeatable) await this.#repeat(earlier);
        else if (deed === "read" && earlier) await this.#read(earlier);
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
      if (answer.status < 300) this.#acknowledge(write, answer.body);
      else {
        write.problem = `${answer.status} ${String(answer.body.code)}`;
        // Of a stream that has ended meanwhile nobody learns what was stored before.
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

  #acknowledge(write: Write, body: Record<string, unknown>): void {
    write.fate = "acknowledged";
    if (!write.asynchronous && write.types[0] !== "SagaStarted" && body.version !== undefined)
      write.answer = body as unknown as NonNullable<Write["answer"]>;
    this.#acknowledged(write);
  }

  /** Promise 8. */
  async #repeat(write: Write): Promise<void> {
    const { status, headers, body } = await this.request(write.store, write.method, write.path, write.body, write.headers);
    if (status >= 500) return;
    this.counts.repeats++;
    const ids = (events?: readonly { id: string }[]) => events?.map(({ id }) => id).join();
    const same = write.answer === undefined || ids(write.answer.events) === ids(body.events as { id: string }[] | undefined);
    const isOver = status === 410 && write.stream.startsWith("note/");
    if (isOver || (status < 300 && same && headers.get("idempotent-replayed") === "true")) return;
    if (status === 202 && write.asynchronous) return; // says nothing of the events
    this.violations.repeats.push(
      `a repeat of ${write.id} got ${status} ${JSON.stringify(body)} instead of ${JSON.stringify(write.answer)}`,
    );
  }

  /** Promise 7: what was acknowledged is in the stream, and in a view that has reached its position. */
  async #read(write: Write): Promise<void> {
    const { answer, stream } = write;
    if (!answer || stream.startsWith("note/")) return;
    const { status, body } = await this.request(write.store, "GET", `/streams/${stream}?from=${answer.version}&limit=1`);
    if (status >= 500) return;
    this.counts.reads++;
    const [event] = (body.events ?? []) as { id: string }[];
    if (event?.id !== answer.events?.at(-1)?.id)
      this.violations.reads.push(`${write.id}: ${stream} has ${JSON.stringify(event)} at ${answer.version}`);
    if (answer.position === undefined) return;
    const view = await this.request(write.store, "GET", `/views/stock?minPosition=${answer.position}&limit=1`);
    if (view.status < 300 && Number(view.body.position) < answer.position)
      this.violations.reads.push(`${write.id}: a view that must be at ${answer.position} is at ${Number(view.body.position)}`);
  }
}

/** Nobody listened: the request was not received. */
function isRefused(error: unknown): boolean {
  return String((error as { cause?: { code?: string } }).cause?.code) === "ECONNREFUSED";
}
