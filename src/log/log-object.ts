/**
 * ② One log per store: gives every event its position, and wakes who follows.
 *
 * An object is one segment of its log, and almost always the only one. A segment that has grown to its limit is sealed
 * and says to everyone where the log goes on; what it has, it goes on giving to the segments after it.
 */

import type { HeadspringEnv } from "../store/env.ts";
import { DurableObject } from "cloudflare:workers";
import { markRetryable } from "../core/retryable.ts";
import type { App } from "../definitions/app.ts";
import { envOfObject } from "../store/placement.ts";
import { keepsOwnPlace, startingAtHead } from "../definitions/consumers.ts";
import { type StoredEvent, erases, type EventFilter } from "../core/event.ts";
import type {
  Acknowledgement,
  Census,
  FeedFilter,
  Introduction,
  LogPage,
  LogReadRequest,
  LogSize,
  SequencePart,
  Sequenced,
  SequencedTogether,
  StreamSummary,
} from "../store/log-protocol.ts";
import { Bell, type Placed } from "./bell.ts";
import { audienceHash, filtersInCode } from "../definitions/consumers.ts";
import type { NextEvent, Reading, SweepAnswer } from "../store/log-protocol.ts";
import { Audience } from "./audience.ts";
import { takeCensus } from "./census.ts";
import { Erasures } from "./erasures.ts";
import { Feed } from "./feed.ts";
import { GroupCommit } from "./group-commit.ts";
import { Introduced } from "./introduced.ts";
import { WAIT_SECONDS } from "../core/limits.ts";
import type { LogTable } from "./log-table.ts";
import { Origins } from "./origins.ts";
import { type Begun, Place } from "./place.ts";
import { type Handover, MOVED_TO, type Moved, type SegmentRpc, segmentBytes } from "../store/segment.ts";
import { Subscribers } from "./subscribers.ts";
import { takeTogether } from "./together.ts";
import { Waiters } from "./waiters.ts";
import { logger } from "../telemetry/logger.ts";
import { span } from "../telemetry/span.ts";

/** What one call brings: a stream's events, or a piece of an import. */
interface Call {
  readonly parts: readonly Pick<SequencePart, "stream" | "events">[];
  /** All of it or nothing. */
  readonly together?: readonly SequencePart[];
}

/** How soon the alarm tries again what another segment did not take. Ours. */
const RETRY_MS = 5_000;

/** The class of the log objects of an app. Export it as `LogObject`. */
export function logObject(app: App) {
  return class LogObject extends DurableObject<HeadspringEnv> implements SegmentRpc {
    static {
      markRetryable(
        this.prototype,
        "sequence",
        "sequenceTogether",
        "read",
        "positions",
        "head",
        "nextFor",
        "size",
        "streams",
        "acknowledge",
        "sweep",
        "wakeBehind",
        "introduce",
        "subscribe",
        "unsubscribe",
        "subscribers",
        "handover",
      );
    }

    readonly #place: Place;
    readonly #erasures: Erasures;
    readonly #origins: Origins;
    readonly #subscribers: Subscribers;
    readonly #introduced = new Introduced();
    readonly #audience: Audience;
    readonly #bell: Bell;
    readonly #feed: Feed;
    readonly #waiters = new Waiters();
    readonly #commits: GroupCommit<Call, Sequenced | SequencedTogether | Moved>;

    constructor(ctx: DurableObjectState, bindings: HeadspringEnv) {
      const env = envOfObject(ctx, bindings);
      super(ctx, env);
      this.#erasures = new Erasures(ctx.storage.sql);
      this.#subscribers = new Subscribers(ctx.storage.sql);
      this.#origins = new Origins(ctx.storage.kv, startingAtHead(app, env));
      const place = (this.#place = new Place(ctx, env, app, this.#erasures, (handover) => this.#tookOver(handover)));
      const head = () => place.known?.table.head ?? 0;
      this.#audience = new Audience(audienceHash(app, env), filtersInCode(app, env), () => this.#subscribers.filters(), this.#introduced);
      this.#bell = new Bell(ctx.storage, env.WAKE_UPS, place.store, head, this.#audience);
      this.#feed = new Feed(ctx, place.store, head, async (request) => (await place.begun()).reader.page(request));
      this.#commits = new GroupCommit(
        (group) => {
          const about = () => ({
            store: place.store,
            count: group.length,
            events: group.reduce((sum, { parts }) => sum + parts.reduce((some, { events }) => some + events.length, 0), 0),
          });
          return span("commit", about, () => this.#commit(group));
        },
        () => this.#forget(),
      );
    }

    async sequence(stream: string, events: readonly StoredEvent[]): Promise<Sequenced | Moved> {
      return this.#here(() => this.#commits.take({ parts: [{ stream, events }] }) as Promise<Sequenced | Moved>);
    }

    async sequenceTogether(parts: readonly SequencePart[]): Promise<SequencedTogether | Moved> {
      return this.#here(() => this.#commits.take({ parts, together: parts }) as Promise<SequencedTogether | Moved>);
    }

    async read(request: LogReadRequest): Promise<LogPage | Moved> {
      return this.#here(({ reader }) => reader.page(request));
    }

    async positions(stream: string, from: number, to: number): Promise<Record<number, number> | Moved> {
      return this.#here(() => this.positionsHere(stream, from, to));
    }

    async head(): Promise<number | Moved> {
      return this.#here(({ table }) => table.head);
    }

    async changed(filter: FeedFilter, after: number, ms: number): Promise<number | Moved> {
      return this.#here(async ({ table }) => {
        const { events, next } = table.page({ ...filter, after, limit: 1 });
        // Not all may have been looked at.
        if (events.length === 0 && (next ?? 0) >= table.head) await this.#waiters.wait(filter, Math.min(ms, WAIT_SECONDS * 1_000));
        return table.head;
      });
    }

    async nextFor(readings: readonly Reading[]): Promise<NextEvent[] | Moved> {
      return this.#here(({ reader }) => reader.nextFor(readings));
    }

    async size(): Promise<LogSize | Moved> {
      return this.#here(({ table }) => {
        const { sql } = this.ctx.storage;
        return {
          head: table.head,
          segments: this.#place.number,
          bytes: sql.databaseSize,
          subscriptions: this.ctx.getWebSockets().length,
        };
      });
    }

    async streams(category: string | undefined, after: string, limit: number): Promise<StreamSummary[] | Moved> {
      return this.#here(() => this.streamsHere(category, after, limit));
    }

    async acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<void | Moved> {
      return this.#here(() => {
        for (const acknowledgement of acknowledgements) this.#bell.acknowledge(acknowledgement);
      });
    }

    async sweep(consumer?: string): Promise<number | Moved> {
      return this.#here(() => this.#bell.sweep(consumer));
    }

    async wakeBehind(census: Census): Promise<SweepAnswer | Moved> {
      return this.#here(async ({ table }) => {
        if (census.introduction) this.#introduce(census.introduction, table.head);
        const hasEnded = (await this.ctx.storage.getAlarm()) === null;
        const log = { bell: this.#bell, audience: this.#audience, table, hasEnded };
        return takeCensus(log, census, (consumer) => keepsOwnPlace(app, consumer));
      });
    }

    async introduce(introduction: Introduction): Promise<void | Moved> {
      return this.#here(({ table }) => this.#introduce(introduction, table.head));
    }

    async knownSince(consumer: string): Promise<number | Moved> {
      return this.#here(({ table }) => this.#origins.since(consumer, table.head));
    }

    async subscribe(consumer: string, filter?: EventFilter, position?: number): Promise<void | Moved> {
      return this.#here(async ({ table }) => {
        await this.#bell.load();
        // One that was removed meanwhile is not added again by what it says of itself.
        const isGone = filter !== undefined && position === undefined && !this.#subscribers.filters().has(consumer);
        if (isGone || !this.#subscribers.add(consumer, filter)) return;
        this.#audience.forget();
        if (position !== undefined && position >= table.head) return;
        this.#bell.doubt(consumer);
        this.#bell.arm();
        this.#bell.ring();
      });
    }

    async unsubscribe(consumer: string): Promise<void | Moved> {
      return this.#here(() => {
        this.#subscribers.remove(consumer);
        this.#audience.forget();
        this.#bell.forget(consumer);
      });
    }

    async subscribers(): Promise<string[] | Moved> {
      return this.#here(() => this.#subscribers.all());
    }

    override async fetch(request: Request): Promise<Response> {
      await this.#place.begun();
      if (this.#place.sealed) return new Response(null, { headers: { [MOVED_TO]: String(this.#place.number + 1) } });
      return this.#feed.open(request);
    }

    async handover(): Promise<Handover | undefined> {
      const { table, info } = await this.#place.begun();
      if (!this.#place.sealed) return undefined;
      return {
        first: table.head + 1,
        earlier: [...info.earlier, info.first],
        subscribers: this.#subscribers.all(),
        filters: [...this.#subscribers.filters()].flatMap(([consumer, filter]) => (filter ? [{ consumer, filter }] : [])),
        origins: this.#origins.all(),
        erasures: [...this.#erasures.pending].map(([stream, before]) => ({ stream, before })),
      };
    }

    async readHere(request: LogReadRequest): Promise<LogPage> {
      const { table } = await this.#place.begun();
      return table.page(request);
    }

    async versionsHere(streams: readonly string[]): Promise<number[]> {
      const { table, earlier } = await this.#place.begun();
      return earlier.versions(table, streams);
    }

    async positionsHere(stream: string, from: number, to: number): Promise<Record<number, number>> {
      const { table, earlier } = await this.#place.begun();
      return earlier.positions(table.positions(stream, from, to), stream, from, to);
    }

    async streamsHere(category: string | undefined, after: string, limit: number): Promise<StreamSummary[]> {
      const { table, earlier } = await this.#place.begun();
      return earlier.streams(table.streams(category, after, limit), category, after, limit);
    }

    async eraseHere(stream: string, before: number): Promise<void> {
      const { table, earlier } = await this.#place.begun();
      table.blank(stream, before);
      await earlier.previous?.eraseHere(stream, before);
    }

    override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
      this.#feed.answered(socket, message);
    }

    override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
      this.#feed.closed(socket, code);
    }

    /** Never throws: the platform gives up on an alarm after six failures. */
    override async alarm(): Promise<void> {
      try {
        await this.#place.begun();
        await (this.#place.sealed ? this.#goOn() : this.#bell.alarm());
        await this.#eraseEarlier();
      } catch (error) {
        const { store, number: segment } = this.#place;
        logger.warn({ message: "another segment of the log could not be reached; trying again", store, segment }, error);
        await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
      }
    }

    /** One group: all of it is durable when this returns. */
    async #commit(group: readonly Call[]): Promise<(Sequenced | SequencedTogether | Moved)[]> {
      const { table, earlier } = await this.#place.begun();
      if (this.#place.sealed) return group.map(() => ({ movedTo: this.#place.number + 1 }));
      const parts = group.flatMap(({ parts }) => parts);
      await earlier.teach(
        table,
        parts.map(({ stream }) => stream),
      );
      await this.#bell.load();
      const before = table.head;
      let isFull = false;
      const answers = this.ctx.storage.transactionSync(() => {
        this.#origins.note(before);
        const added: Placed[] = [];
        const accept = (stream: string, events: readonly StoredEvent[]) => {
          const answer = this.#accept(table, stream, events);
          added.push(...placed(stream, events, answer));
          return answer;
        };
        const accepted = group.map(({ parts: [one], together }) =>
          together ? takeTogether(table, together, accept) : accept(one?.stream ?? "", one?.events ?? []),
        );
        isFull = table.head > before && this.ctx.storage.sql.databaseSize >= segmentBytes(this.env);
        if (isFull) this.#place.seal();
        this.#bell.note(added);
        // The next segment must be brought to begin, and the earlier ones to erase.
        if (isFull || this.#erasures.pending.size > 0) this.#bell.arm();
        return accepted;
      });
      if (isFull) this.#place.sealedNow();
      await this.ctx.storage.sync();
      if (table.head > before) {
        this.#bell.ring(parts.findLast(({ events }) => events[0]?.trace)?.events[0]?.trace);
        this.#feed.push();
        this.#waiters.tell(parts);
        // The alarm that was armed in the transaction does the same, should these not come through.
        if (isFull) void this.#goOn().catch(() => {});
        void this.#eraseEarlier().catch(() => {});
      }
      return answers;
    }

    #introduce({ consumers, filters = [], startingAtHead }: Introduction, head: number): void {
      this.#introduced.add({ consumers, filters }, Date.now());
      this.#origins.meet(startingAtHead, head);
    }

    #accept(table: LogTable, stream: string, events: readonly StoredEvent[]): Sequenced {
      const answer = table.accept(stream, events);
      const erasing = this.#place.number > 1 && answer.first ? events.find((event) => erases(event)) : undefined;
      if (erasing) this.#erasures.add(stream, erasing.version);
      return answer;
    }

    /** A group was not committed: what is in memory of it is not true. */
    #forget(): void {
      this.#place.known?.table.reload();
      this.#erasures.reload();
      this.#origins.reload();
      this.#bell.disarm();
    }

    /** Lets the next segment take over, and sends the subscribers there. */
    async #goOn(): Promise<void> {
      await this.#place.segment(this.#place.number + 1).head();
      this.#feed.sendAway();
    }

    #tookOver({ subscribers, filters = [], origins = {}, erasures = [] }: Handover): void {
      for (const { stream, before } of erasures) this.#erasures.add(stream, before);
      for (const subscriber of subscribers) {
        this.#subscribers.add(subscriber, filters.find(({ consumer }) => consumer === subscriber)?.filter);
      }
      this.#origins.adopt(origins);
      this.#bell.arm();
    }

    #eraseEarlier(): Promise<void> {
      return this.#erasures.carryOut(() => this.#place.segment(this.#place.number - 1));
    }

    /** Answers, if this is the log's last segment. */
    async #here<Answer>(answer: (self: Begun) => Answer | Promise<Answer>): Promise<Answer | Moved> {
      const self = await this.#place.begun();
      return this.#place.sealed ? { movedTo: this.#place.number + 1 } : answer(self);
    }
  };
}

/** The events that were added, with the positions that they were given. */
function placed(stream: string, events: readonly StoredEvent[], { first }: Sequenced): Placed[] {
  if (!first) return [];
  const added = events.filter(({ version }) => version >= first.version);
  return added.map(({ version, type }) => ({ stream, type, position: first.position + version - first.version }));
}
