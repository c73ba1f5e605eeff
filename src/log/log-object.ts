/**
 * ② One log per store: gives every event its position, and wakes the consumers.
 *
 * An object is one segment of its log, and almost always the only one. A segment that has grown to its limit is sealed and tells every
 * caller where the log continues; the segments after it still read from it what it has.
 */

import type { HeadspringEnv } from "../store/env.ts";
import { DurableObject } from "cloudflare:workers";
import { markRetryable } from "../core/retryable.ts";
import type { App } from "../definitions/app.ts";
import { envOfObject } from "../store/placement.ts";
import { consumersInCode, kindInCode } from "../definitions/consumers.ts";
import { type StoredEvent, type EventFilter } from "../core/event.ts";
import {
  type Acknowledgement,
  type Census,
  type FeedFilter,
  type Introduction,
  LOG_METHODS,
  type LogMethod,
  type LogPage,
  type LogReadRequest,
  type LogSize,
  type SequencePart,
  type Sequenced,
  type SequencedTogether,
  type StreamSummary,
  type NextEvent,
  type Reading,
  type SweepAnswer,
} from "../store/log-protocol.ts";
import { Notifier } from "./notifier.ts";
import { type Answer, type Call, commit } from "./commit.ts";
import { Audience } from "./audience.ts";
import { takeCensus } from "./census.ts";
import { Erasures } from "./erasures.ts";
import { Feed } from "./feed.ts";
import { GroupCommit } from "./group-commit.ts";
import { Introduced } from "./introduced.ts";
import { WAIT_SECONDS } from "../core/limits.ts";
import { StartPositions } from "./start-positions.ts";
import { type Begun, SegmentState } from "./segment-state.ts";
import type { ObjectClass } from "../store/objects.ts";
import { type Handover, MOVED_TO, type Moved, type SegmentRpc, segmentBytes } from "../store/segment.ts";
import { Subscribers } from "./subscribers.ts";
import { Waiters } from "./waiters.ts";
import { logger } from "../telemetry/logger.ts";

/** How soon the alarm tries again if another segment did not take something. Ours. */
const RETRY_MS = 5_000;

/** The class of the log objects of an app. Export it as `LogObject`. */
export function logObject(app: App): ObjectClass<SegmentRpc> {
  return class LogObject extends DurableObject<HeadspringEnv> implements SegmentRpc {
    static {
      const names = Object.keys(LOG_METHODS) as LogMethod[];
      markRetryable(this.prototype, "handover", ...names.filter((name) => LOG_METHODS[name] === "retryable"));
    }

    readonly #place: SegmentState;
    readonly #erasures: Erasures;
    readonly #startPositions: StartPositions;
    readonly #subscribers: Subscribers;
    readonly #introduced = new Introduced();
    readonly #audience: Audience;
    readonly #notifier: Notifier;
    readonly #feed: Feed;
    readonly #waiters = new Waiters();
    readonly #commits: GroupCommit<Call, Answer>;

    constructor(ctx: DurableObjectState, bindings: HeadspringEnv) {
      const env = envOfObject(ctx, bindings);
      super(ctx, env);
      const inCode = consumersInCode(app, env);
      this.#erasures = new Erasures(ctx.storage.sql);
      this.#subscribers = new Subscribers(ctx.storage.sql);
      this.#startPositions = new StartPositions(ctx.storage.kv, inCode.startingAtHead);
      const place = (this.#place = new SegmentState(ctx, env, app, this.#erasures, (handover) => this.#tookOver(handover)));
      const head = () => place.known?.table.head ?? 0;
      this.#audience = new Audience(inCode.hash, inCode.filters, () => this.#subscribers.filters(), this.#introduced);
      this.#notifier = new Notifier(ctx.storage, env.WAKE_UPS, place.store, head, this.#audience);
      this.#feed = new Feed(ctx, place.store, head, async (request) => (await place.begun()).reader.page(request));
      const parts = {
        storage: ctx.storage,
        place,
        notifier: this.#notifier,
        origins: this.#startPositions,
        erasures: this.#erasures,
        fullAt: () => segmentBytes(env),
      };
      this.#commits = new GroupCommit(
        async (group) => {
          const { answers, grew, isFull } = await commit(parts, group);
          if (grew) this.#spread(group, isFull);
          return answers;
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
        // The page may have ended before all entries were examined.
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
        for (const acknowledgement of acknowledgements) this.#notifier.acknowledge(acknowledgement);
      });
    }

    async sweep(consumer?: string): Promise<number | Moved> {
      return this.#here(() => this.#notifier.sweep(consumer));
    }

    async wakeBehind(census: Census): Promise<SweepAnswer | Moved> {
      return this.#here(async ({ table }) => {
        if (census.introduction) this.#introduce(census.introduction, table.head);
        const hasEnded = (await this.ctx.storage.getAlarm()) === null;
        const log = { notifier: this.#notifier, audience: this.#audience, table, hasEnded };
        return takeCensus(log, census, (consumer) => kindInCode(app, consumer)?.keepsOwnPlace === true);
      });
    }

    async introduce(introduction: Introduction): Promise<void | Moved> {
      return this.#here(({ table }) => this.#introduce(introduction, table.head));
    }

    async knownSince(consumer: string): Promise<number | Moved> {
      return this.#here(({ table }) => this.#startPositions.since(consumer, table.head));
    }

    async subscribe(consumer: string, filter?: EventFilter, position?: number): Promise<void | Moved> {
      return this.#here(async ({ table }) => {
        await this.#notifier.load();
        // A webhook that was removed in the meantime must not be added again by its own report.
        const isGone = filter !== undefined && position === undefined && !this.#subscribers.filters().has(consumer);
        if (isGone || !this.#subscribers.add(consumer, filter)) return;
        this.#audience.forget();
        if (position !== undefined && position >= table.head) return;
        this.#notifier.doubt(consumer);
        this.#notifier.arm();
        this.#notifier.notify();
      });
    }

    async unsubscribe(consumer: string): Promise<void | Moved> {
      return this.#here(() => {
        this.#subscribers.remove(consumer);
        this.#audience.forget();
        this.#notifier.forget(consumer);
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
        ...this.#subscribers.handover(),
        origins: this.#startPositions.all(),
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
        await (this.#place.sealed ? this.#goOn() : this.#notifier.alarm());
        await this.#eraseEarlier();
      } catch (error) {
        const { store, number: segment } = this.#place;
        logger.warn({ message: "another segment of the log could not be reached; trying again", store, segment }, error);
        await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
      }
    }

    /** Notifies everything that waits for the committed events. The alarm does the same, in case this fails. */
    #spread(group: readonly Call[], isFull: boolean): void {
      const parts = group.flatMap((call) => call.parts);
      this.#notifier.notify(parts.findLast(({ events }) => events[0]?.trace)?.events[0]?.trace);
      this.#feed.push();
      this.#waiters.tell(parts);
      if (isFull) void this.#goOn().catch(() => {});
      void this.#eraseEarlier().catch(() => {});
    }

    #introduce({ consumers, filters = [], startingAtHead }: Introduction, head: number): void {
      this.#introduced.add({ consumers, filters }, Date.now());
      this.#startPositions.meet(startingAtHead, head);
    }

    /** A group was not committed: what memory has of it is wrong. */
    #forget(): void {
      this.#place.known?.table.reload();
      this.#erasures.reload();
      this.#startPositions.reload();
      this.#notifier.disarm();
    }

    /** Starts the next segment, and closes the subscriptions so that they continue there. */
    async #goOn(): Promise<void> {
      await this.#place.segment(this.#place.number + 1).head();
      this.#feed.sendAway();
    }

    #tookOver({ subscribers, filters, origins = {}, erasures = [] }: Handover): void {
      for (const { stream, before } of erasures) this.#erasures.add(stream, before);
      this.#subscribers.adopt({ subscribers, ...(filters ? { filters } : {}) });
      this.#startPositions.adopt(origins);
      this.#notifier.arm();
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
