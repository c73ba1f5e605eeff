/** The commands of an outbox: kept until they have an answer, and sent one after the other. */

import { newKey } from "./key.ts";
import { onceOnline, pause, pauseBefore } from "./pause.ts";
import { HeadspringError } from "./problem.ts";
import type { OutboxWriteOptions } from "./outbox-types.ts";
import type { Accepted, Refused } from "./types.ts";

/** A write as it is kept. */
export interface Entry {
  readonly category: string;
  readonly id: string;
  readonly command: string;
  readonly data: unknown;
  readonly given: OutboxWriteOptions;
  readonly key: string;
  readonly at: number;
}

type Answer = Accepted | Refused;
/** The streams of a client. */
export type Streams = Readonly<
  Record<string, (id: string) => Readonly<Record<string, (data: unknown, options: object) => Promise<Answer>>>>
>;

/** What an outbox needs of a storage: `localStorage` has it. */
export interface OutboxStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export interface QueueOptions {
  readonly storage?: OutboxStorage;
  readonly name?: string;
  readonly onAnswer?: (entry: Entry, answer: Answer | HeadspringError) => void;
}

/** A list that is open: it shows what the log has up to its position. */
export interface Reader {
  position: number;
}

/** Seconds that an answer waits for its position, by which lists know when they show it. What is late for longer is taken for shown. */
const WAIT_SECONDS = 10;
/** Answers after which a command waits: none at all, a token that is not current, too many requests, a store or a proxy that is down. */
const WAITING: ReadonlySet<number> = new Set([0, 401, 429, 502, 503, 504]);

export class OutboxQueue {
  readonly readers = new Set<Reader>();
  commands: readonly Entry[] = [];
  error: HeadspringError | undefined;
  /** Carried out, at a position that some list does not show yet. */
  #unshown: readonly (Entry & { readonly position: number })[] = [];
  readonly #streams: Streams;
  readonly #options: QueueOptions;
  readonly #name: string;
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Map<string, { resolve(answer: Answer): void; reject(error: unknown): void }>();
  #isSending = false;

  constructor(streams: Streams, options: QueueOptions) {
    this.#streams = streams;
    this.#options = options;
    this.#name = `${options.name ?? "headspring-outbox"}/`;
    this.commands = this.#stored();
    void this.#send();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add({ given, ...write }: Omit<Entry, "key" | "at">): Promise<Answer> {
    const { idempotencyKey: key = newKey(), ...rest } = given;
    // Later than the one before: they are sent in this order after a reload, too.
    const entry = { ...write, given: rest, key, at: Math.max(Date.now(), (this.commands.at(-1)?.at ?? 0) + 1) };
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(key, { resolve, reject }));
    // A page that hears of all answers need not look at each.
    if (this.#options.onAnswer) answer.catch(() => {});
    try {
      this.#options.storage?.setItem(this.#nameOf(entry), JSON.stringify(entry));
    } catch {
      // The storage is full: it is kept by the page alone.
    }
    this.commands = [...this.commands, entry];
    this.#tell();
    void this.#send();
    return answer;
  }

  /** Commands that rows as of a position do not show. */
  unshownAt(position: number): readonly Entry[] {
    return [...this.#unshown.filter((entry) => entry.position > position), ...this.commands];
  }

  /** Forgets what every open list shows. */
  forgetShown(): void {
    this.#unshown = this.#unshown.filter(({ position }) => [...this.readers].some((reader) => reader.position < position));
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    let failures = 0;
    for (let entry = this.commands[0]; entry; entry = this.commands[0]) {
      const { category, id, command, data, given, key } = entry;
      // What was on its way when the network went is not answered any more.
      const abort = new AbortController();
      const forget = onceOnline(() => abort.abort());
      let answer: Answer | HeadspringError;
      try {
        const options = { ...given, idempotencyKey: key, wait: WAIT_SECONDS, signal: abort.signal };
        answer = await this.#streams[category]!(id)[command]!(data, options);
      } catch (error) {
        if (abort.signal.aborted) continue;
        answer = error as HeadspringError;
        if (WAITING.has(answer.status) || answer.code === "unexpected-answer") {
          this.error = answer;
          this.#tell();
          await pause(pauseBefore(failures++));
          continue;
        }
      } finally {
        forget();
      }
      failures = 0;
      this.error = undefined;
      this.#settle(entry, answer);
    }
    this.#isSending = false;
  }

  #settle(entry: Entry, answer: Answer | HeadspringError): void {
    this.#options.storage?.removeItem(this.#nameOf(entry));
    this.commands = this.commands.slice(1);
    if ("ok" in answer && answer.ok && answer.position !== undefined) {
      this.#unshown = [...this.#unshown, { ...entry, position: answer.position }];
      this.forgetShown();
    }
    const waiting = this.#waiting.get(entry.key);
    this.#waiting.delete(entry.key);
    if ("ok" in answer) waiting?.resolve(answer);
    else waiting?.reject(answer);
    this.#tell();
    toPage(() => this.#options.onAnswer?.(entry, answer));
  }

  #tell(): void {
    for (const listener of this.#listeners) toPage(listener);
  }

  /** One name for each command: pages that are open at the same time do not overwrite each other's. Sorted, they are in order. */
  #nameOf({ at, key }: Entry): string {
    return `${this.#name}${at}-${key}`;
  }

  #stored(): Entry[] {
    const { storage } = this.#options;
    const names = Array.from({ length: storage?.length ?? 0 }, (_, index) => storage?.key(index) ?? "");
    return names
      .filter((name) => name.startsWith(this.#name))
      .toSorted()
      .flatMap((name) => {
        try {
          const kept: unknown = JSON.parse(storage?.getItem(name) ?? "");
          return isEntry(kept) ? [kept] : [];
        } catch {
          return []; // somebody else's
        }
      });
  }
}

/** The storage belongs to the page: something else under one of the outbox's names must not hold up its commands. */
function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { category, id, command, key, at, given } = value as Partial<Record<keyof Entry, unknown>>;
  const isNamed = [category, id, command, key].every((name) => typeof name === "string");
  return isNamed && typeof at === "number" && typeof given === "object" && given !== null;
}

/** Calls a function of the page's. If it throws, the outbox goes on all the same. */
function toPage(call: () => void): void {
  try {
    call();
  } catch (error) {
    // oxlint-disable-next-line no-console -- the page's own mistake, where its author looks
    console.error(error);
  }
}
