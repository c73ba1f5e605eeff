/**
 * ② One log per store: gives every event its position, and wakes who follows.
 *
 * An object is one segment of its log, and almost always the only one. A segment that has grown to its limit is sealed
 * and says to everyone where the log goes on; what it has, it goes on giving to the segments after it.
 */

import { DurableObject } from "cloudflare:workers";
import type { App } from "../app.ts";
import { activeWebhooks, consumersInCode } from "../delivery/consumers.ts";
import { type LoggedEvent, type StoredEvent, erases } from "../event.ts";
import { LOG_SEGMENT_BYTES, PAGE_BYTES } from "../limits.ts";
import { nameOf } from "../objects.ts";
import type { Acknowledgement, LogPage, LogReadRequest, Sequenced, StreamSummary } from "../protocol.ts";
import { lift } from "../upcast.ts";
import { Bell } from "./bell.ts";
import { Earlier } from "./earlier.ts";
import { Erasures } from "./erasures.ts";
import { Feed } from "./feed.ts";
import { LogTable } from "./log-table.ts";
import { type Handover, MOVED_TO, type Moved, type SegmentInfo, type SegmentRpc, parseSegmentName, segmentName } from "./segment.ts";
import { Starts } from "./starts.ts";
import { Subscribers } from "./subscribers.ts";

/** A segment that knows where it stands. */
interface Begun {
  readonly info: SegmentInfo;
  readonly table: LogTable;
  readonly earlier: Earlier;
}

interface Call {
  readonly stream: string;
  readonly events: readonly StoredEvent[];
  readonly resolve: (answer: Sequenced | Moved) => void;
  readonly reject: (error: unknown) => void;
}

/** How soon the alarm tries again what another segment did not take. Ours. */
const RETRY_MS = 5_000;

/** The class of the log objects of an app. Export it as `LogObject`. */
export function logObject(app: App) {
  return class LogObject extends DurableObject<Env> implements SegmentRpc {
    readonly #store: string;
    readonly #number: number;
    readonly #erasures: Erasures;
    readonly #subscribers: Subscribers;
    readonly #starts: Starts;
    readonly #bell: Bell;
    readonly #feed: Feed;
    /** Undefined until this segment has taken over from the one before. */
    #self: Begun | undefined;
    #takingOver: Promise<Begun> | undefined;
    #sealed: boolean;
    #waiting: Call[] = [];
    #committing = false;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      ({ store: this.#store, number: this.#number } = parseSegmentName(nameOf(ctx)));
      this.#sealed = ctx.storage.kv.get("sealed") === true;
      this.#erasures = new Erasures(ctx.storage.sql);
      this.#subscribers = new Subscribers(ctx.storage.sql);
      const inCode = consumersInCode(app, env);
      this.#starts = new Starts(
        ctx.storage.kv,
        activeWebhooks(app, env).map(({ name }) => name),
      );
      const head = () => this.#self?.table.head ?? 0;
      this.#bell = new Bell(ctx.storage, env.WAKE_UPS, this.#store, head, () => [...inCode, ...this.#subscribers.all()]);
      this.#feed = new Feed(ctx, head, (request) => this.#read(request));
      const info = this.#number === 1 ? { number: 1, first: 1, earlier: [] } : ctx.storage.kv.get<SegmentInfo>("segment");
      this.#self = info && this.#standAt(info);
    }

    async sequence(stream: string, events: readonly StoredEvent[]): Promise<Sequenced | Moved> {
      return this.#here(
        () =>
          new Promise<Sequenced | Moved>((resolve, reject) => {
            this.#waiting.push({ stream, events, resolve, reject });
            if (!this.#committing) void this.#commitGroups();
          }),
      );
    }

    async read(request: LogReadRequest): Promise<LogPage | Moved> {
      return this.#here(() => this.#read(request));
    }

    async positions(stream: string, from: number, to: number): Promise<Record<number, number> | Moved> {
      return this.#here(() => this.positionsHere(stream, from, to));
    }

    async head(): Promise<number | Moved> {
      return this.#here(({ table }) => table.head);
    }

    async streams(category: string | undefined, after: string, limit: number): Promise<StreamSummary[] | Moved> {
      return this.#here(() => this.streamsHere(category, after, limit));
    }

    async acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<void | Moved> {
      return this.#here(() => {
        for (const acknowledgement of acknowledgements) this.#bell.acknowledge(acknowledgement);
      });
    }

    async sweep(): Promise<void | Moved> {
      return this.#here(() => this.#bell.sweep());
    }

    async subscribe(consumer: string): Promise<void | Moved> {
      return this.#here(() => this.#subscribers.add(consumer));
    }

    async unsubscribe(consumer: string): Promise<void | Moved> {
      return this.#here(() => {
        this.#subscribers.remove(consumer);
        this.#bell.forget(consumer);
      });
    }

    async subscribers(): Promise<string[] | Moved> {
      return this.#here(() => this.#subscribers.all());
    }

    async startOf(consumer: string): Promise<number | Moved> {
      return this.#here(({ table }) => this.#starts.of(consumer) ?? table.head);
    }

    override async fetch(request: Request): Promise<Response> {
      await this.#begun();
      if (this.#sealed) return new Response(null, { headers: { [MOVED_TO]: String(this.#number + 1) } });
      return this.#feed.open(request);
    }

    async handover(): Promise<Handover | undefined> {
      const { table, info } = await this.#begun();
      if (!this.#sealed) return undefined;
      return {
        first: table.head + 1,
        earlier: [...info.earlier, info.first],
        subscribers: this.#subscribers.all(),
        starts: this.#starts.all(),
      };
    }

    async readHere(request: LogReadRequest): Promise<LogPage> {
      const { table } = await this.#begun();
      const page = table.page(request);
      return { ...page, events: page.events.map((event) => lift(app, event.stream, event)) };
    }

    async versionsHere(streams: readonly string[]): Promise<number[]> {
      const { table, earlier } = await this.#begun();
      return earlier.versions(table, streams);
    }

    async positionsHere(stream: string, from: number, to: number): Promise<Record<number, number>> {
      const { table, earlier } = await this.#begun();
      return earlier.positions(table.positions(stream, from, to), stream, from, to);
    }

    async streamsHere(category: string | undefined, after: string, limit: number): Promise<StreamSummary[]> {
      const { table, earlier } = await this.#begun();
      return earlier.streams(table.streams(category, after, limit), category, after, limit);
    }

    async eraseHere(stream: string, before: number): Promise<void> {
      const { table, earlier } = await this.#begun();
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
        await this.#begun();
        await (this.#sealed ? this.#goOn() : this.#bell.alarm());
        await this.#eraseEarlier();
      } catch (error) {
        console.warn({
          message: "another segment of the log was not reached; trying again",
          store: this.#store,
          segment: this.#number,
          error: String(error),
        });
        await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
      }
    }

    /**
     * Calls that arrive while a commit is being made durable go together into the next one:
     * no delay when idle, one flush to disk for many streams under load.
     */
    async #commitGroups(): Promise<void> {
      this.#committing = true;
      while (this.#waiting.length > 0) {
        const group = this.#waiting;
        this.#waiting = [];
        try {
          for (const [index, answer] of (await this.#commit(group)).entries()) group[index]?.resolve(answer);
        } catch (error) {
          this.#self?.table.reload();
          this.#bell.disarm();
          this.#starts.forget();
          for (const { reject } of group) reject(error);
        }
      }
      this.#committing = false;
    }

    /** One group: all of it is durable when this returns. */
    async #commit(group: readonly Call[]): Promise<(Sequenced | Moved)[]> {
      const { table, earlier } = await this.#begun();
      if (this.#sealed) return group.map(() => ({ movedTo: this.#number + 1 }));
      await earlier.teach(
        table,
        group.map(({ stream }) => stream),
      );
      const before = table.head;
      let isFull = false;
      const answers = this.ctx.storage.transactionSync(() => {
        const accepted = group.map(({ stream, events }) => this.#accept(table, stream, events));
        isFull = table.head > before && this.ctx.storage.sql.databaseSize >= segmentBytes(this.env);
        if (isFull) this.ctx.storage.kv.put("sealed", true);
        if (table.head > before) {
          this.#bell.arm();
          this.#starts.note(before);
        }
        return accepted;
      });
      this.#sealed ||= isFull;
      await this.ctx.storage.sync();
      if (table.head > before) {
        this.#bell.ring();
        this.#feed.push();
        // The alarm that was armed in the transaction does the same, should these not come through.
        if (isFull) void this.#goOn().catch(() => {});
        void this.#eraseEarlier().catch(() => {});
      }
      return answers;
    }

    #accept(table: LogTable, stream: string, events: readonly StoredEvent[]): Sequenced {
      const answer = table.accept(stream, events);
      const erasing = this.#number > 1 && answer.first ? events.find((event) => erases(event)) : undefined;
      if (erasing) this.#erasures.add(stream, erasing.version);
      return answer;
    }

    /** Lets the next segment take over, and sends the subscribers there. */
    async #goOn(): Promise<void> {
      await this.#segment(this.#number + 1).head();
      this.#feed.sendAway();
    }

    async #eraseEarlier(): Promise<void> {
      for (const { stream, before } of this.#erasures.pending()) {
        await this.#segment(this.#number - 1).eraseHere(stream, before);
        this.#erasures.done(stream);
      }
    }

    /** A page of the log. It may begin in one segment and end in another: readers do not notice where one ends. */
    async #read(request: LogReadRequest): Promise<LogPage> {
      const { table, earlier } = await this.#begun();
      const events: LoggedEvent[] = [];
      let { after, limit, bytes = PAGE_BYTES } = request;
      for (;;) {
        const part = await earlier.page({ ...request, after, limit, bytes }, table.head);
        const page = part?.page ?? (await this.readHere({ ...request, after, limit, bytes }));
        events.push(...page.events);
        limit -= page.events.length;
        bytes -= page.events.reduce((sum, { data, meta }) => sum + data.length + meta.length, 0);
        after = page.next;
        const goesOn = part && after === part.end && after !== request.to && limit > 0 && bytes > 0 && events.length > 0;
        if (!goesOn) return { events, next: after, head: table.head };
      }
    }

    /** Answers, if this is the log's last segment. */
    async #here<Answer>(answer: (self: Begun) => Answer | Promise<Answer>): Promise<Answer | Moved> {
      const self = await this.#begun();
      return this.#sealed ? { movedTo: this.#number + 1 } : answer(self);
    }

    async #begun(): Promise<Begun> {
      if (this.#self) return this.#self;
      this.#takingOver ??= this.#takeOver().finally(() => (this.#takingOver = undefined));
      return this.#takingOver;
    }

    /** Asks the segment before for what it hands over. Until that is stored, every activation asks again: the answer is always the same. */
    async #takeOver(): Promise<Begun> {
      const handover = await this.#segment(this.#number - 1).handover();
      if (!handover) throw new Error(`segment ${this.#number} of the log was asked before segment ${this.#number - 1} was sealed`);
      const { first, earlier, subscribers, starts = {} } = handover;
      const info = { number: this.#number, first, earlier };
      this.ctx.storage.transactionSync(() => {
        this.ctx.storage.kv.put("segment", info);
        for (const subscriber of subscribers) this.#subscribers.add(subscriber);
        this.#starts.take(starts);
        this.#bell.arm();
      });
      return (this.#self = this.#standAt(info));
    }

    #standAt(info: SegmentInfo): Begun {
      return { info, table: new LogTable(this.ctx.storage.sql, info.first), earlier: new Earlier(info, (number) => this.#segment(number)) };
    }

    #segment(number: number): SegmentRpc {
      return this.env.LOGS.getByName(segmentName(this.#store, number));
    }
  };
}

/** Bytes at which a segment is full. A variable can say less: for tests, and for who wants smaller objects. */
function segmentBytes(env: Env): number {
  return Number((env as { LOG_SEGMENT_BYTES?: string }).LOG_SEGMENT_BYTES ?? LOG_SEGMENT_BYTES);
}
