/**
 * ① One stream = one Durable Object: it takes commands and appends one at a time, keeps the events,
 * and sees to it that they reach the log.
 *
 * The rule that promise 2 rests on: no `await` between reading the stream and writing to it.
 */

import { DurableObject } from "cloudflare:workers";
import type { App } from "../app.ts";
import type { StoredEvent } from "../event.ts";
import { newEventId, newId } from "../ids.ts";
import { logOf, streamOfObject } from "../objects.ts";
import type {
  AppendAnswer,
  AppendRequest,
  CommandAnswer,
  CommandRequest,
  Expected,
  StreamPage,
  StreamReadRequest,
  StreamRpc,
  StreamState,
  VersionConflict,
  Written,
} from "../protocol.ts";
import { categoryOf, streamIdOf } from "../event.ts";
import type { AnyAggregate } from "./aggregate.ts";
import { type Decided, decide, parseCommand } from "./decide.ts";
import { EventTable } from "./event-table.ts";
import { Outbox } from "./outbox.ts";
import { type Receipt, Receipts } from "./receipts.ts";
import { findReplay, fingerprint } from "./replay.ts";
import { StateCache } from "./state.ts";

/** What a write stored, before anybody is told. */
interface Stored {
  readonly outcome: "stored";
  readonly first: number;
  readonly last: number;
  readonly replayed: boolean;
}

/** The class of the stream objects of an app. Export it as `StreamObject`. */
export function streamObject(app: App) {
  return class StreamObject extends DurableObject<Env> implements StreamRpc {
    readonly #stream: string;
    readonly #events: EventTable;
    readonly #receipts: Receipts;
    readonly #outbox: Outbox;
    readonly #aggregate: AnyAggregate | undefined;
    readonly #state: StateCache | undefined;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      const { store, stream } = streamOfObject(ctx);
      this.#stream = stream;
      this.#events = new EventTable(ctx.storage.sql);
      this.#receipts = new Receipts(ctx.storage.sql);
      this.#outbox = new Outbox(ctx.storage, this.#events, stream, () => logOf(env, store));
      this.#aggregate = app.aggregates.get(categoryOf(stream));
      this.#state = this.#aggregate && new StateCache(ctx.storage.sql, this.#events, this.#aggregate);
    }

    /** Runs a command. Every outcome that shows something of the stream is settled first (promises 1 and 3). */
    async execute(request: CommandRequest): Promise<CommandAnswer> {
      const outcome = this.#run(request);
      if (outcome.outcome !== "stored") {
        if (outcome.outcome === "refused" || outcome.outcome === "version-conflict") {
          await this.#outbox.settle(this.#events.head, request.waitMs);
        }
        return outcome;
      }
      return { ...(await this.#written(outcome, request.waitMs)), commandId: outcome.commandId };
    }

    /** Appends facts to a plain stream. The door has checked them against their schemas. */
    async append(request: AppendRequest): Promise<AppendAnswer> {
      const outcome = this.#append(request);
      if (outcome.outcome === "stored") return this.#written(outcome, request.waitMs);
      await this.#outbox.settle(this.#events.head, request.waitMs);
      return outcome;
    }

    async read(request: StreamReadRequest): Promise<StreamPage> {
      const version = this.#events.head;
      await this.#outbox.settle(version);
      const { events, next } = this.#events.page({ ...request, to: Math.min(request.to, version) });
      const more = next === undefined ? {} : { next };
      const ends = [events[0]?.version, events.at(-1)?.version];
      if (!request.positions || ends[0] === undefined || ends[1] === undefined) return { version, events, ...more };
      const positions = await this.#outbox.positions(Math.min(ends[0], ends[1]), Math.max(ends[0], ends[1]));
      return { version, events: events.map((event) => ({ ...event, position: positions[event.version] })), ...more };
    }

    async state(): Promise<StreamState> {
      const answer = { version: this.#events.head, state: JSON.stringify(this.#state?.current() ?? null) };
      await this.#outbox.settle(answer.version);
      return answer;
    }

    override async alarm(): Promise<void> {
      await this.#outbox.retry();
    }

    /** Synchronous on purpose: commands on one stream run one at a time. */
    #run(request: CommandRequest): Exclude<CommandAnswer, Written> | (Stored & { commandId: string }) {
      const aggregate = this.#aggregate;
      const state = this.#state;
      const schema = aggregate && Object.hasOwn(aggregate.commands, request.command) ? aggregate.commands[request.command] : undefined;
      if (!aggregate || !state || !schema) return { outcome: "unknown-command" };

      const body: unknown = JSON.parse(request.data);
      const parsed = parseCommand(schema, body);
      if ("issues" in parsed) return { outcome: "invalid", issues: parsed.issues };

      const commandId = request.idempotencyKey ?? newId();
      const print = request.idempotencyKey === undefined ? "" : fingerprint([request.command, body]);
      if (request.idempotencyKey !== undefined) {
        const receipt = this.#receipts.find(request.idempotencyKey);
        if (receipt) {
          if (receipt.fingerprint === print || request.firstStands) return repeated(commandId, receipt);
          return { outcome: "idempotency-conflict", detail: "this idempotency key came with another command before" };
        }
      }
      const conflict = conflictWith(request.expected, this.#events.head);
      if (conflict) return conflict;

      const now = Date.now();
      const version = this.#events.head;
      const correlationId = request.correlationId ?? commandId;
      let decided: Decided;
      let events: StoredEvent[];
      let next: unknown;
      try {
        const context = { now: new Date(now), id: streamIdOf(this.#stream), version, commandId, correlationId };
        decided = decide(aggregate, request.command, state.current(), parsed.data, context);
        const meta = JSON.stringify({ correlationId, causationId: request.causationId ?? commandId });
        events = (decided.kind === "events" ? decided.events : []).map(({ type, data }, index) =>
          stored(version + 1 + index, now, { type, data, meta, schemaVersion: 1 }),
        );
        next = state.after(events);
      } catch (error) {
        console.error({
          message: "a command failed: decide or evolve threw",
          stream: this.#stream,
          command: request.command,
          commandId,
          correlationId,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
        return { outcome: "failed", commandId };
      }

      const receipt: Receipt = {
        fingerprint: print,
        first: version + 1,
        last: version + events.length,
        reason: decided.kind === "refused" ? decided.reason : null,
        details: (decided.kind === "refused" && decided.details) || null,
      };
      const snapshotted = this.#commit(request.idempotencyKey, receipt, events, now, () => state.snapshotWhenDue(next, receipt.last));
      state.keep(next, receipt.last, snapshotted);
      return { ...repeated(commandId, receipt), replayed: false };
    }

    /** Synchronous on purpose, like {@link StreamObject.#run}. */
    #append(request: AppendRequest): Stored | Exclude<AppendAnswer, Written> {
      const replay = findReplay(this.#events, this.#receipts, request);
      if (replay) return replay.outcome === "replay" ? { ...replay, outcome: "stored", replayed: true } : replay;
      const version = this.#events.head;
      const conflict = conflictWith(request.expected, version);
      if (conflict) return conflict;
      const now = Date.now();
      const events = request.events.map((event, index) => stored(version + 1 + index, now, event));
      const receipt: Receipt = { fingerprint: "", first: version + 1, last: version + events.length, reason: null, details: null };
      const givenIds = events.filter((_event, index) => request.events[index]?.id !== undefined);
      this.#commit(request.idempotencyKey, receipt, events, now, () => {
        for (const { id, version: at } of givenIds) this.#receipts.recordEventId(id, at);
        return false;
      });
      this.#receipts.committed(false, givenIds.length > 0);
      return { outcome: "stored", first: receipt.first, last: receipt.last, replayed: false };
    }

    /** All events, the receipt and what else belongs to it, or nothing at all (promise 2). */
    #commit(key: string | undefined, receipt: Receipt, events: readonly StoredEvent[], now: number, also: () => boolean): boolean {
      const result = this.ctx.storage.transactionSync(() => {
        if (events.length > 0) this.#events.insert(events);
        if (key !== undefined) this.#receipts.record(key, receipt, now);
        return also();
      });
      if (events.length > 0) this.#events.advance(receipt.last);
      this.#receipts.committed(key !== undefined, false);
      return result;
    }

    async #written({ first, last, replayed }: Stored, waitMs: number | undefined): Promise<Written> {
      const stored = this.#events.range(first, last);
      // An answer without events (last = the version it was decided on) rests on all that came before it.
      const inLog = await this.#outbox.settle(last, waitMs);
      const positions = inLog && last >= first ? await this.#outbox.positions(first, last) : {};
      return {
        outcome: "written",
        version: last,
        ...(positions[last] === undefined ? {} : { position: positions[last] }),
        events: stored.map(({ id, version, type }) =>
          positions[version] === undefined ? { id, version, type } : { id, version, position: positions[version], type },
        ),
        replayed,
      };
    }
  };
}

function stored(version: number, now: number, event: AppendRequest["events"][number]): StoredEvent {
  const { id = newEventId(version, now), type, data, meta, time = null, schemaVersion } = event;
  return { version, id, type, data, meta, time, recordedAt: now, schemaVersion };
}

/** The first answer again, from its receipt. */
function repeated(commandId: string, { first, last, reason, details }: Receipt) {
  if (reason !== null) return { outcome: "refused" as const, commandId, reason, ...(details === null ? {} : { details }), replayed: true };
  return { outcome: "stored" as const, commandId, first, last, replayed: true };
}

function conflictWith(expected: Expected, actual: number): VersionConflict | undefined {
  switch (expected.kind) {
    case "any":
      return undefined;
    case "exists":
      return actual > 0 ? undefined : { outcome: "version-conflict", expected: "any version, but existing", actual };
    case "absent":
      return actual === 0 ? undefined : { outcome: "version-conflict", expected: "not existing", actual };
    case "version":
      return actual === expected.version ? undefined : { outcome: "version-conflict", expected: String(expected.version), actual };
  }
}
