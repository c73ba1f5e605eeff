/**
 * Delivers what the feeds bring, in the order of each stream: a few at a time, what failed by its schedule, and one at a
 * time while the endpoint is down. Whatever it holds in memory can be lost at any moment: the books and the log give it back.
 */

import type { LoggedEvent } from "../event.ts";
import { WEBHOOK_BATCH_BYTES, WEBHOOK_BATCH_EVENTS, WEBHOOK_FAILING_STREAMS, WEBHOOK_IN_FLIGHT, WEBHOOK_WINDOW_EVENTS } from "../limits.ts";
import type { LogRpc } from "../log-protocol.ts";
import { Books, type Turn } from "./books.ts";
import type { Active } from "./configuration.ts";
import { EventCache } from "./event-cache.ts";
import { isOfInterest } from "./interest.ts";
import type { Key } from "./ledger.ts";
import type { Outcome } from "./protocol.ts";
import type { Window } from "./window.ts";

/** What a dispatcher needs of the object it works in. */
export interface Host {
  readonly store: string;
  /** `$webhook/{id}`: what is said about this webhook. It is not told of itself. */
  readonly ownStream: string;
  readonly books: Books;
  log(): LogRpc;
  /** What is asked for now; undefined: nothing is to be sent, because it is paused, switched off or gone. */
  settings(): Active | undefined;
  /** Whether the webhook is there still. */
  exists(): boolean;
  send(key: Key, event: LoggedEvent): Promise<Outcome>;
  /** The outcome is on the books. */
  settled(outcome: Outcome): void;
  /** Sees to it that `run` is called at this time (milliseconds since 1970), if not before. */
  wakeAt(time: number): void;
  complain(message: string, error: unknown): void;
}

/** Milliseconds until the log is asked again that could not be reached. Ours. */
const READ_AGAIN_MS = 5_000;
/** The longest pause that is waited for in place; for longer ones the object goes to sleep. */
const DOZE_MS = 1_000;

export class Dispatcher {
  readonly #host: Host;
  readonly #books: Books;
  readonly #cache: EventCache;
  /** By run and stream: never two of one stream. */
  readonly #underWay = new Map<string, Promise<void>>();
  #running: Promise<void> | undefined;
  #refilling: Promise<void> | undefined;
  #stir: () => void = () => {};
  #readAgainAt = 0;
  /** When the rate allows the next delivery. */
  #slot = 0;
  /** The feed that had its turn last, so that a replay and what is new share the way. */
  #turn = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#books = host.books;
    this.#cache = new EventCache(() => host.log());
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Delivers what is due until nothing is, then asks to be woken for the rest. Single flight: a second call stirs the first. */
  run(): Promise<void> {
    this.#stir();
    return (this.#running ??= this.#loop());
  }

  /** Reads from the log what there is room for. Throws when the log cannot be reached. */
  refill(): Promise<void> {
    return (this.#refilling ??= this.#refill().finally(() => (this.#refilling = undefined)));
  }

  /** The settings have changed: what has not begun is read again. */
  reread(): void {
    this.#cache.clear();
    for (const window of this.#books.windows) window.reread();
  }

  async #loop(): Promise<void> {
    for (;;) {
      let wakeAt: number | undefined;
      try {
        if (this.#host.settings() && Date.now() >= this.#readAgainAt) await this.refill();
      } catch (error) {
        this.#readLater(error);
      }
      try {
        wakeAt = this.#start();
      } catch (error) {
        this.#readLater(error);
        wakeAt = this.#readAgainAt;
      }
      const pause = wakeAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, wakeAt - Date.now());
      if (this.#underWay.size === 0 && pause > DOZE_MS) {
        // No await since the last look at what there is to do: what arrives from now on finds no loop, and starts one.
        this.#running = undefined;
        if (wakeAt !== undefined) this.#host.wakeAt(wakeAt);
        return;
      }
      await this.#something(pause);
    }
  }

  /** Waits for the end of a delivery, for news, or for the time. */
  async #something(pause: number): Promise<void> {
    const { promise: stirred, resolve } = Promise.withResolvers<void>();
    this.#stir = resolve;
    const timer = pause === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, pause);
    await Promise.race([stirred, ...this.#underWay.values()]);
    clearTimeout(timer);
  }

  async #refill(): Promise<void> {
    for (const window of this.#books.windows) {
      while (window.mayHaveMore && window.size + WEBHOOK_BATCH_EVENTS <= WEBHOOK_WINDOW_EVENTS) {
        const settings = this.#host.settings();
        if (!settings || this.#books.lanes.size >= WEBHOOK_FAILING_STREAMS) return;
        const { types, categories } = settings;
        const { taken: after, feed } = window;
        // Before the read: who wakes us while it is under way has seen an event that it may not bring.
        window.mayHaveMore = false;
        let hasMore = true;
        try {
          const page = await this.#host.log().read({
            after,
            limit: WEBHOOK_BATCH_EVENTS,
            bytes: WEBHOOK_BATCH_BYTES,
            ...(types ? { types } : {}),
            ...(categories ? { categories } : {}),
            ...(feed.end === undefined ? {} : { to: feed.end }),
          });
          // Whatever may have happened meanwhile: removed, paused, changed, reset.
          if (!this.#host.settings()) return;
          if (this.#host.settings() !== settings || window.taken !== after || !this.#books.windows.includes(window)) continue;
          const next = page.next ?? after;
          this.#cache.keep(page.events);
          const isWanted = (event: LoggedEvent) => isOfInterest(event, settings, this.#host, feed);
          this.#books.admit(window, page.events.filter(isWanted), next);
          hasMore = next > after && next < Math.min(page.head, feed.end ?? page.head);
        } finally {
          if (hasMore) window.mayHaveMore = true;
        }
      }
    }
  }

  /**
   * Starts what may be started now.
   *
   * @returns when there will be something else to start, or undefined: not before something ends or comes
   */
  #start(): number | undefined {
    for (;;) {
      const settings = this.#host.settings();
      if (!settings) return undefined;
      const now = Date.now();
      const { health } = this.#books;
      const notBefore = Math.max(health.closedUntil, this.#readAgainAt, settings.rate === undefined ? 0 : this.#slot);
      const isRoom = this.#underWay.size < (health.isDown ? 1 : (settings.concurrency ?? WEBHOOK_IN_FLIGHT));
      const turn = this.#next(now);
      if (!turn) {
        const due = this.#books.nextDue(this.#isUnderWay);
        const wantsMore = this.#readAgainAt > now ? this.#readAgainAt : undefined;
        const times = [due, wantsMore].filter((time) => time !== undefined);
        return times.length === 0 ? undefined : Math.max(Math.min(...times), health.closedUntil);
      }
      if (!isRoom) return undefined;
      if (notBefore > now) return notBefore;
      if (settings.rate !== undefined) this.#slot = now + 1_000 / settings.rate;
      this.#launch(turn);
    }
  }

  /** What is next. While the endpoint is down, rather something that has not failed: it is not to blame. */
  #next(now: number): Turn | undefined {
    const again = () => this.#books.dueTurn(now, this.#isUnderWay);
    const fresh = () => this.#freshTurn();
    return this.#books.health.isDown ? (fresh() ?? again()) : (again() ?? fresh());
  }

  #freshTurn(): Turn | undefined {
    const { windows } = this.#books;
    for (let offset = 1; offset <= windows.length; offset++) {
      const at = (this.#turn + offset) % windows.length;
      const window = windows[at];
      const item = window?.next((stream) => this.#isUnderWay(window.run, stream));
      if (!window || !item) continue;
      this.#turn = at;
      return { kind: "fresh", run: window.run, stream: item.stream, position: item.position, window, item };
    }
    return undefined;
  }

  readonly #isUnderWay = (run: number, stream: string): boolean => this.#underWay.has(`${run}/${stream}`);

  #launch(turn: Turn): void {
    const key = `${turn.run}/${turn.stream}`;
    if (turn.kind === "fresh") turn.item.state = "under way";
    const attempt = this.#attempt(turn)
      .catch((error: unknown) => {
        // Nothing was counted: the log was out of reach, or the books were.
        if (turn.kind === "fresh" && turn.item.state === "under way") turn.item.state = "waiting";
        this.#readLater(error);
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, attempt);
  }

  async #attempt(turn: Turn): Promise<void> {
    const found = turn.position === undefined ? await this.#findNext(turn) : await this.#eventAt(turn, turn.position);
    if (!this.#host.settings()) return this.#putBack(turn);
    if (!found) {
      if (turn.position === undefined) return; // the lane has ended
      return this.#books.skip(turn, turn.position, "", "the event was erased");
    }
    if (found.erased) return this.#books.skip(turn, found.position, found.type, "the event was erased");
    const outcome = await this.#host.send({ run: turn.run, position: found.position }, found);
    if (!this.#host.exists()) return; // removed while it was under way
    this.#books.settle(turn, found, outcome, Date.now());
    this.#host.settled(outcome);
  }

  /** It was paused or switched off before anything was sent. */
  #putBack(turn: Turn): void {
    if (turn.kind === "fresh") turn.item.state = "waiting";
  }

  async #eventAt(turn: Turn, position: number): Promise<LoggedEvent | undefined> {
    const settings = this.#host.settings();
    return turn.kind === "fresh" && settings ? this.#cache.get(position, settings) : this.#cache.readOne(position);
  }

  /** The next event of a stream that waits behind one that failed. Undefined: there is none. */
  async #findNext({ run, stream, lane }: Turn): Promise<LoggedEvent | undefined> {
    if (!lane) return undefined;
    const feed = this.#books.windows.find((window: Window) => window.run === run)?.feed;
    while (lane.after < lane.seen) {
      const settings = this.#host.settings();
      if (!settings) return undefined;
      const page = await this.#host.log().read({ after: lane.after, to: lane.seen, limit: 1, stream });
      const [event] = page.events;
      if (!event) break;
      if (isOfInterest(event, settings, this.#host, feed) && !this.#books.isKnown(run, event.position)) return event;
      lane.after = event.position;
    }
    if (this.#host.settings()) this.#books.endLane(lane);
    return undefined;
  }

  #readLater(error: unknown): void {
    this.#readAgainAt = Date.now() + READ_AGAIN_MS;
    this.#host.complain("webhook deliveries stopped; they go on in a moment", error);
  }
}
