/**
 * ② One log per store: gives every event its position, and wakes the consumers.
 *
 * An object is one segment of its log, and almost always the only one. A segment that has grown to its limit is sealed and tells every
 * caller where the log continues; the segments after it still read from it what it has.
 */

import type { DeploymentEnv } from "../store/env.ts";
import { DurableObject } from "cloudflare:workers";
import { requireKnownFormat } from "../store/stored-format.ts";
import { markRetryable } from "../core/retryable.ts";
import type { App } from "../definitions/app.ts";
import { envOfObject } from "../store/placement.ts";
import { kindInCode } from "../definitions/consumers.ts";
import { type StoredEvent, type EventFilter } from "../core/event.ts";
import {
  type FeedFilter,
  LOG_METHODS,
  type LogMethod,
  type LogPage,
  type LogReadRequest,
  type LogSize,
  type SequencePart,
  type Sequenced,
  type SequencedTogether,
  type StreamSummary,
} from "../store/log-protocol.ts";
import { type EventsText, eventsOf } from "../store/events-text.ts";
import type { Acknowledgement, Census, DeclaredConsumers, Introduction, NextEvent, Reading, SweepAnswer } from "../store/log-consumers.ts";
import { type PackedPage, asAskedFor } from "../store/packed-page.ts";
import { takeCensus } from "./census.ts";
import { WAIT_SECONDS } from "../core/limits.ts";
import type { RpcClass } from "../store/objects.ts";
import { type Handover, MOVED_TO, type Moved, type PackedPart, type SegmentRpc } from "../store/segment.ts";
import { Segment } from "./segment.ts";

/** The class of the log objects of an app. Export it as `LogObject`. */
export function logObject(app: App): RpcClass<SegmentRpc> {
  return class LogObject extends DurableObject<DeploymentEnv> implements SegmentRpc {
    static {
      const names = Object.keys(LOG_METHODS) as LogMethod[];
      markRetryable(this.prototype, "handover", ...names.filter((name) => LOG_METHODS[name] === "retryable"));
    }

    readonly #segment: Segment;

    constructor(ctx: DurableObjectState, bindings: DeploymentEnv) {
      const env = envOfObject(ctx, bindings);
      super(ctx, env);
      requireKnownFormat(ctx, "LOGS");
      this.#segment = new Segment(ctx, env, app);
    }

    async sequence(stream: string, sent: EventsText | readonly StoredEvent[]): Promise<Sequenced | Moved> {
      const events = eventsIn(sent);
      return this.#segment.here(() => this.#segment.take({ parts: [{ stream, events }] }) as Promise<Sequenced | Moved>);
    }

    async sequenceTogether(sent: readonly (PackedPart | SequencePart)[]): Promise<SequencedTogether | Moved> {
      const parts = sent.map(({ events, ...part }) => ({ ...part, events: eventsIn(events) }));
      return this.#segment.here(() => this.#segment.take({ parts, together: parts }) as Promise<SequencedTogether | Moved>);
    }

    async read(request: LogReadRequest): Promise<LogPage | PackedPage | Moved> {
      return this.#segment.here(({ reader }) => reader.pageFor(request));
    }

    async positions(stream: string, from: number, to: number): Promise<Record<number, number> | Moved> {
      return this.#segment.here(() => this.positionsHere(stream, from, to));
    }

    async head(): Promise<number | Moved> {
      return this.#segment.here(({ table }) => table.head);
    }

    async positionAt(time: number): Promise<number | Moved> {
      return this.#segment.here(async ({ table }) => (await this.positionAtHere(time)) ?? table.head + 1);
    }

    async changed(filter: FeedFilter, after: number, ms: number): Promise<number | Moved> {
      return this.#segment.here(async ({ table }) => {
        const { events, next } = table.page({ ...filter, after, limit: 1 });
        // The page may have ended before all entries were examined.
        if (events.length === 0 && (next ?? 0) >= table.head) await this.#segment.waiters.wait(filter, Math.min(ms, WAIT_SECONDS * 1_000));
        return table.head;
      });
    }

    async nextFor(readings: readonly Reading[]): Promise<NextEvent[] | Moved> {
      return this.#segment.here(({ reader }) => reader.nextFor(readings));
    }

    async size(): Promise<LogSize | Moved> {
      return this.#segment.here(({ table }) => {
        const { sql } = this.ctx.storage;
        return {
          head: table.head,
          segments: this.#segment.state.number,
          bytes: sql.databaseSize,
          subscriptions: this.ctx.getWebSockets().length,
        };
      });
    }

    async rollOver(): Promise<void | Moved> {
      return this.#segment.here(async () => void (await this.#segment.take({ parts: [], seals: true })));
    }

    async streams(category: string | undefined, after: string, limit: number): Promise<StreamSummary[] | Moved> {
      return this.#segment.here(() => this.streamsHere(category, after, limit));
    }

    async acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<void | Moved> {
      return this.#segment.here(() => {
        for (const acknowledgement of acknowledgements) this.#segment.notifier.acknowledge(acknowledgement);
      });
    }

    async sweep(consumer?: string): Promise<number | Moved> {
      return this.#segment.here(() => this.#segment.notifier.sweep(consumer));
    }

    async wakeBehind(census: Census): Promise<SweepAnswer | Moved> {
      return this.#segment.here(async ({ table }) => {
        if (census.introduction) this.#segment.introduce(census.introduction, table.head);
        if (census.declared) await this.#segment.declare(census.declared);
        const hasEnded = (await this.ctx.storage.getAlarm()) === null;
        const log = { notifier: this.#segment.notifier, audience: this.#segment.audience, table, hasEnded };
        return takeCensus(log, census, (consumer) => kindInCode(app, consumer)?.keepsOwnPlace === true);
      });
    }

    async introduce(introduction: Introduction): Promise<void | Moved> {
      return this.#segment.here(({ table }) => this.#segment.introduce(introduction, table.head));
    }

    async knownSince(consumer: string): Promise<number | Moved> {
      return this.#segment.here(({ table }) => this.#segment.startPositions.since(consumer, table.head));
    }

    async subscribe(consumer: string, filter?: EventFilter, position?: number): Promise<void | Moved> {
      return this.#segment.here(async ({ table }) => {
        await this.#segment.notifier.load();
        // A webhook that was removed in the meantime must not be added again by its own report.
        const isGone = filter !== undefined && position === undefined && !this.#segment.subscribers.filters().has(consumer);
        if (isGone || !this.#segment.subscribers.add(consumer, filter)) return;
        this.#segment.audience.forget();
        if (position !== undefined && position >= table.head) return;
        this.#segment.notifier.known.doubt(consumer);
        this.#segment.notifier.arm();
        this.#segment.notifier.notify();
      });
    }

    async unsubscribe(consumer: string): Promise<void | Moved> {
      return this.#segment.here(() => {
        this.#segment.subscribers.remove(consumer);
        this.#segment.audience.forget();
        this.#segment.notifier.known.forget(consumer);
      });
    }

    async keepDeclared(declared: DeclaredConsumers): Promise<void | Moved> {
      return this.#segment.here(() => this.#segment.declare(declared));
    }

    async subscribers(): Promise<string[] | Moved> {
      return this.#segment.here(() => this.#segment.subscribers.all());
    }

    override async fetch(request: Request): Promise<Response> {
      await this.#segment.state.begun();
      if (this.#segment.state.sealed) return new Response(null, { headers: { [MOVED_TO]: String(this.#segment.state.number + 1) } });
      return this.#segment.feed.open(request);
    }

    async handover(): Promise<Handover | undefined> {
      return this.#segment.handover();
    }

    async readHere(request: LogReadRequest, lifts = false): Promise<LogPage | PackedPage> {
      const { table, reader } = await this.#segment.state.begun();
      return (lifts && table.storedPage?.(request, reader.lifting)) || asAskedFor(request, table.page(request));
    }

    async versionsHere(streams: readonly string[]): Promise<number[]> {
      const { table, earlier } = await this.#segment.state.begun();
      return earlier.versions(table, streams);
    }

    async positionsHere(stream: string, from: number, to: number): Promise<Record<number, number>> {
      const { table, earlier } = await this.#segment.state.begun();
      return earlier.positions(table.positions(stream, from, to), stream, from, to);
    }

    async positionAtHere(time: number): Promise<number | undefined> {
      const { table, earlier } = await this.#segment.state.begun();
      return earlier.positionAt(table, time);
    }

    async streamsHere(category: string | undefined, after: string, limit: number): Promise<StreamSummary[]> {
      const { table, earlier } = await this.#segment.state.begun();
      return earlier.streams(table.streams(category, after, limit), category, after, limit);
    }

    async eraseHere(stream: string, before: number): Promise<void> {
      const { table, earlier } = await this.#segment.state.begun();
      table.blank(stream, before);
      await earlier.previous?.eraseHere(stream, before);
    }

    override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
      this.#segment.feed.answered(socket, message);
    }

    override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
      this.#segment.feed.closed(socket, code);
    }

    override async alarm(): Promise<void> {
      await this.#segment.alarm();
    }
  };
}

function eventsIn(sent: EventsText | readonly StoredEvent[]): readonly StoredEvent[] {
  return "text" in sent ? eventsOf(sent) : sent;
}
