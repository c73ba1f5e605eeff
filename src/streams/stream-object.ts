/**
 * ① One stream = one Durable Object: it takes commands and appends one at a time, keeps the events, and makes sure that they reach the log.
 *
 * The rule behind promise 2: no `await` between reading the stream and writing to it. What reads and writes is in `commands.ts` and
 * `appends.ts`, and synchronous; this file has the RPC methods around it, and every answer that shows something of the stream is settled
 * first (promises 1 and 3).
 */

import type { StreamPlace } from "./place.ts";
import { Store } from "../store/store.ts";
import type { DeploymentEnv } from "../store/env.ts";
import { DurableObject } from "cloudflare:workers";
import { requireKnownFormat } from "../store/stored-format.ts";
import { markRetryable } from "../core/retryable.ts";
import type { App } from "../definitions/app.ts";
import { envOfObject } from "../store/placement.ts";
import { categoryOf, streamIdOf } from "../core/event.ts";
import { type RpcClass, streamOfObject } from "../store/objects.ts";
import type {
  AppendAnswer,
  AppendRequest,
  CommandAnswer,
  CommandRequest,
  DeleteAnswer,
  DeleteRequest,
  DryRunAnswer,
  DryRunRequest,
  Written,
} from "../store/stream-protocol.ts";
import type { HeldImport, ImportPart, ImportRefusal, ImportedEvent } from "../store/import-protocol.ts";
import {
  type PackedAppend,
  type PackedHeld,
  type PackedImport,
  type PackedStreamPage,
  type PackedWritten,
  type StreamWire,
  packedHeld,
  packedPage,
  packedWritten,
  received,
} from "../store/packed-stream.ts";
import type { StreamPage, StreamReadRequest, StreamState } from "../store/stream-reads.ts";
import { type SentCommand, takesCommand } from "../definitions/other-code.ts";
import { lift } from "../definitions/upcast.ts";
import { CodeUse } from "../store/code-use.ts";
import { AlarmClock } from "../core/alarm-clock.ts";
import { appendEvents } from "./appends.ts";
import { type CommandOutcome, type CommandRun, type Decider, type Stored, outcomeOf, runCommand } from "./commands.ts";
import { type ImportingStream, holdImport } from "./hold-import.ts";
import { planImport } from "./imports.ts";
import { tryCommand } from "./dry-run.ts";
import { decideDeletion } from "./deletion.ts";
import { fireTimers } from "./fire-timers.ts";
import { Journal } from "./journal.ts";
import { Outbox } from "./outbox.ts";
import { readPage, readState } from "./reading.ts";
import { StateCache } from "./state.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";

/** How soon the alarm goes off again when the storage itself failed. Ours. */
const RETRY_ALARM_MS = 30_000;

/** The class of the stream objects of an app. Export it as `StreamObject`. */
export function streamObject(app: App): RpcClass<StreamWire> {
  const codeUse = new CodeUse(app);
  return class StreamObject extends DurableObject<DeploymentEnv> implements StreamWire {
    static {
      markRetryable(this.prototype, "read", "state", "command", "checkImport", "holdImport");
    }

    /** For its lines in the logs. */
    readonly #place: StreamPlace;
    readonly #store: Store;
    readonly #stream: string;
    readonly #alarm: AlarmClock;
    readonly #journal: Journal;
    readonly #outbox: Outbox;
    readonly #decider: Decider | undefined;

    constructor(ctx: DurableObjectState, bindings: DeploymentEnv) {
      const env = envOfObject(ctx, bindings);
      super(ctx, env);
      requireKnownFormat(ctx, "STREAMS");
      const { store: name, stream } = streamOfObject(ctx);
      const store = new Store(env, name, app);
      this.#store = store;
      this.#place = { store: name, stream };
      this.#stream = stream;
      this.#alarm = new AlarmClock(ctx.storage);
      void ctx.blockConcurrencyWhile(async () => {
        await this.#alarm.load();
        this.#alarm.rescue(journal.timers.nextDue());
      });
      const journal = (this.#journal = new Journal(ctx.storage, this.#alarm));
      this.#outbox = new Outbox(ctx.storage, this.#alarm, journal.events, this.#place, () => store.log);
      const aggregate = store.definitions.inCode.aggregate(categoryOf(stream));
      const state = aggregate && new StateCache(ctx.storage.sql, journal.events, aggregate, this.#place);
      if (journal.deleted) state?.end();
      const takes = (sent: SentCommand) => takesCommand(app, sent);
      this.#decider = aggregate && state && { aggregate, state, journal, store: name, stream, id: streamIdOf(stream), takes };
    }

    async execute(request: CommandRequest): Promise<CommandAnswer> {
      const { command, correlationId, causationId, trace } = request;
      const about = () => ({ ...this.#place, command, correlationId, causationId, traceId: traceIdOf(trace) });
      return span("command", about, async (note) => {
        await this.#decider?.state.load();
        const answer = await this.#answer(this.#run(request), request.waitMs, request.withData);
        note({ outcome: answer.outcome, commandId: "commandId" in answer ? answer.commandId : undefined });
        return answer;
      });
    }

    async dryRun(request: DryRunRequest): Promise<DryRunAnswer> {
      await this.#decider?.state.load();
      const answer = this.#decider ? tryCommand(this.#decider, request) : ({ outcome: "unknown-command" } as const);
      await this.#settle();
      return answer;
    }

    async append(request: AppendRequest | PackedAppend): Promise<AppendAnswer | PackedWritten> {
      if (!("packed" in request)) return this.#append(request);
      const answer = await this.#append({ ...request, events: received(request.packed) });
      return answer.outcome === "written" ? packedWritten(answer) : answer;
    }

    async #append(request: AppendRequest): Promise<AppendAnswer> {
      const { events } = request;
      const about = () => ({ ...this.#place, type: events[0]?.type, events: events.length, traceId: traceIdOf(events[0]?.trace) });
      return span("append", about, async (note) => {
        const outcome = appendEvents(this.#journal, request);
        note({ outcome: outcome.outcome });
        if (outcome.outcome === "stored") return this.#written(outcome, request.waitMs);
        await this.#settle(request.waitMs);
        return outcome;
      });
    }

    async command(commandId: string, waitMs: number): Promise<CommandAnswer | undefined> {
      if (this.#journal.deleted) return { outcome: "deleted" };
      const { found: receipt } = this.#journal.receipts.find(commandId, false);
      return receipt && this.#answer(outcomeOf(commandId, receipt, false), waitMs);
    }

    async read({ packed, ...request }: StreamReadRequest & { readonly packed?: true }): Promise<StreamPage | PackedStreamPage> {
      const page = await readPage(this.#readable, request);
      return packed ? packedPage(page) : page;
    }

    async state(version?: number): Promise<StreamState> {
      return readState(this.#readable, version);
    }

    async checkImport(events: readonly ImportedEvent[] | PackedImport["packed"]): Promise<ImportRefusal | undefined> {
      const { journal, lift } = this.#importing;
      return planImport(journal, "text" in events ? received(events) : events, { lift, firstStands: false }).refused;
    }

    async holdImport(part: ImportPart | PackedImport): Promise<HeldImport | PackedHeld> {
      const isPacked = "packed" in part;
      const held = await holdImport(this.#importing, isPacked ? { ...part, events: received(part.packed) } : part);
      if (held.stored > 0) this.#noteUse();
      return isPacked ? packedHeld(held) : held;
    }

    async remove(request: DeleteRequest): Promise<DeleteAnswer> {
      const deletion = decideDeletion(this.#journal, this.#decider, this.#place, request);
      if ("outcome" in deletion) return deletion;
      this.#journal.end(deletion);
      this.#decider?.state.end();
      return this.#written({ outcome: "stored", first: deletion.version, last: deletion.version, replayed: false }, request.waitMs);
    }

    /** Never throws: the platform gives up on an alarm after six failures. */
    override async alarm(): Promise<void> {
      this.#alarm.wentOff();
      try {
        if (this.#journal.timers.nextDue() !== undefined) await this.#decider?.state.load();
        fireTimers(this.#journal, this.#decider, this.#place);
        await this.#outbox.retry();
        const due = this.#journal.timers.nextDue();
        if (due !== undefined) this.#alarm.wakeAt(due);
      } catch (error) {
        logger.error({ message: "a stream's alarm failed and will be retried", ...this.#place }, error);
        this.#alarm.wakeAt(Date.now() + RETRY_ALARM_MS);
      }
    }

    get #importing(): ImportingStream {
      return { journal: this.#journal, outbox: this.#outbox, decider: this.#decider, lift: (event) => lift(app, this.#stream, event) };
    }

    get #readable() {
      return { app, place: this.#place, journal: this.#journal, outbox: this.#outbox, cache: this.#decider?.state };
    }

    #run(request: CommandRun): CommandOutcome {
      return this.#decider ? runCommand(this.#decider, request) : { outcome: "unknown-command" };
    }

    async #answer(outcome: CommandOutcome, waitMs: number | undefined, withData?: boolean): Promise<CommandAnswer> {
      if (outcome.outcome === "stored") return { ...(await this.#written(outcome, waitMs, withData)), commandId: outcome.commandId };
      if (outcome.outcome === "refused" || outcome.outcome === "version-conflict") await this.#settle(waitMs);
      return outcome;
    }

    async #written({ first, last, replayed }: Stored, waitMs: number | undefined, withData = false): Promise<Written> {
      const stored = this.#journal.events.range(first, last);
      if (stored.length > 0) this.#noteUse();
      // An answer without events (last = the version it was decided on) depends on all events before it.
      const inLog = await this.#outbox.settle(last, waitMs);
      const positionOf = inLog && last >= first ? await this.#outbox.positions(first, last) : unknownPosition;
      const position = positionOf(last);
      return {
        outcome: "written",
        version: last,
        ...(position === undefined ? {} : { position }),
        events: stored.map(({ id, version, type, data }) => {
          const own = positionOf(version);
          return { id, version, ...(own === undefined ? {} : { position: own }), type, ...(withData ? { data } : {}) };
        }),
        replayed,
      };
    }

    #noteUse(): void {
      codeUse.note(this.#store, categoryOf(this.#stream));
    }

    async #settle(waitMs?: number): Promise<void> {
      await this.#outbox.settle(this.#journal.head, waitMs);
    }
  };
}

function unknownPosition(): undefined {}
