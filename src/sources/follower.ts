/**
 * Follows what is outside: connects, reads, stores, and only then acknowledges; again and again, until there is nothing new.
 *
 * What makes a change arrive once, whatever dies: it keeps its id however often it is read, streams know the ids that they have, and only
 * what is stored is acknowledged outside. What keeps their order: a portion is stored as a whole and in order, before the next is read.
 */

import { isFree } from "../core/budget.ts";
import { type JsonValue, categoryOf, streamIdOf } from "../core/event.ts";
import { messageOf } from "../core/mistake.ts";
import { type Change, type Connection, type Portion, type ReadKind, SourceStopped } from "../definitions/sources/kind.ts";
import type { Source } from "../definitions/sources/source.ts";
import { introduce } from "../store/introduce.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import type { BroughtMessage } from "../store/source-protocol.ts";
import { sourceBinding } from "../store/source-binding.ts";
import type { Store } from "../store/store.ts";
import { type StreamPart, TogetherWriter } from "../store/together.ts";
import { logger } from "../telemetry/logger.ts";
import { type ChangeEvent, eventsOf } from "./change-events.ts";
import type { Place, SourceLedger, WaitingMessage } from "./ledger.ts";
import { CURSOR_CHARACTERS, PIECE_STREAMS, PORTION_CHANGES, RUN_CALLS, RUN_CHANGES, RUN_MS, WAITING_PORTION } from "./limits.ts";

/** A change cannot be stored, and will not be able to be: its message is for an operator. */
export class ChangeMistake extends Error {
  override readonly name = "ChangeMistake";
  readonly change: string;

  constructor(change: string, message: string) {
    super(message);
    this.change = change;
  }
}

/** What one run may still do. */
interface Allowance {
  calls: number;
  changes: number;
  readonly deadline: number;
}

export class Follower {
  readonly #store: Store;
  readonly #source: string;
  readonly #ledger: SourceLedger;
  readonly #plan: "free" | "paid";
  /** One for all pieces: a stream that does not hear that the log has its events would send them once more. */
  readonly #writer: TogetherWriter;
  #connection: { readonly source: Source; readonly connection: Connection } | undefined;
  /** Somebody wants it to stop after the portion at hand. */
  isStopping = false;

  constructor(store: Store, source: string, ledger: SourceLedger) {
    this.#store = store;
    this.#source = source;
    this.#ledger = ledger;
    this.#plan = isFree(store.variables) ? "free" : "paid";
    this.#writer = new TogetherWriter({
      hold: (stream, part) => store.stream(categoryOf(stream), streamIdOf(stream)).holdImport(part),
      log: () => store.log,
    });
  }

  /**
   * Stores what is new. The connection stays open where there is more to come at once.
   *
   * @returns whether there is more
   * @throws {SourceStopped | ChangeMistake} or whatever broke; then the connection is closed
   */
  async run(source: Source): Promise<boolean> {
    await introduce(this.#store);
    const allowance = { calls: RUN_CALLS[this.#plan], changes: RUN_CHANGES, deadline: Date.now() + RUN_MS };
    const { kind } = source.outside;
    if (kind.isBrought) return this.#settleWaiting(source, allowance);
    try {
      const hasMore = await this.#read(source, kind, allowance);
      if (!hasMore) await this.close();
      return hasMore;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Stores messages that were brought, in the order given. */
  async store(source: Source, changes: readonly Change[]): Promise<void> {
    await introduce(this.#store);
    await this.#settle(source, changes, { calls: RUN_CALLS[this.#plan] });
  }

  async close(): Promise<void> {
    const open = this.#connection;
    this.#connection = undefined;
    await open?.connection.close();
  }

  /** Lets the kind remove what it keeps outside. */
  async forget({ outside }: Source, why: "reset" | "remove"): Promise<void> {
    await this.close();
    if (!outside.kind.isBrought) await outside.kind.forget?.(outside.settings, this.#context(), why);
  }

  async #read(source: Source, kind: ReadKind, allowance: Allowance): Promise<boolean> {
    if (this.#connection && this.#connection.source !== source) await this.close();
    this.#connection ??= { source, connection: await kind.connect(source.outside.settings, this.#context()) };
    const { connection } = this.#connection;
    const limit = PORTION_CHANGES[this.#plan];
    while (!this.isStopping && allowance.changes > 0 && allowance.calls > 0 && Date.now() < allowance.deadline) {
      const portion = await connection.read(limit);
      this.#seen(portion);
      const isWhole = await this.#storePortion(source, portion, allowance);
      // Its rest comes with the next run, under the same ids.
      if (!isWhole) {
        await this.close();
        return true;
      }
      await connection.acknowledge(portion);
      this.#ledger.forgetTrouble();
      if (!portion.hasMore) return false;
    }
    return true;
  }

  /** Stores a portion. False: the calls of this run are used up before its end. */
  async #storePortion(source: Source, portion: Portion, allowance: Allowance): Promise<boolean> {
    const { changes, cursor, position } = portion;
    if (cursor !== undefined && JSON.stringify(cursor).length > CURSOR_CHARACTERS)
      throw new SourceStopped(`the kind ${source.outside.kind.name} wants to keep more than ${CURSOR_CHARACTERS} characters`);
    const { ahead } = this.#ledger.place;
    const at = ahead === undefined ? -1 : changes.findIndex(({ id }) => id === ahead);
    const rest = changes.slice(at + 1);
    const isNews = changes.length > 0 || cursor !== undefined || position !== undefined;
    const end = { ...(cursor === undefined ? {} : { cursor }), ...(position === undefined ? {} : { position }) };
    if (rest.length > 0) {
      allowance.changes -= rest.length;
      try {
        return await this.#settle(source, rest, allowance, end);
      } catch (error) {
        this.#leftOf(portion);
        throw error;
      }
    }
    if (isNews) this.#ledger.settle({ ...withoutAhead(this.#ledger.place), ...end });
    return true;
  }

  /** A part of the portion is not settled: it is left as well, besides what follows the portion. */
  #leftOf({ changes, lag }: Portion): void {
    const { ahead } = this.#ledger.place;
    const left = changes.slice(changes.findIndex(({ id }) => id === ahead) + 1);
    const since = left[0]?.time;
    const seconds = since === undefined ? lag?.seconds : Math.max(0, Date.now() - Date.parse(since)) / 1_000;
    const entries = lag?.entries === undefined ? {} : { entries: lag.entries + left.length };
    this.#ledger.lag = { ...lag, ...entries, ...(seconds === undefined ? {} : { seconds }) };
    this.#ledger.isAtEnd = false;
  }

  /**
   * Settles changes, a piece at a time. False: the calls of this run are used up before their end.
   *
   * @param end what is kept with the last of them
   * @throws {ChangeMistake} at the first that cannot be stored, once all before it are
   */
  async #settle(
    source: Source,
    changes: readonly Change[],
    allowance: Pick<Allowance, "calls">,
    end: Partial<Place> = {},
  ): Promise<boolean> {
    // One category for all of them: it may change or be retired between two portions.
    const category = await this.#categoryOf(source);
    const skipped = new Set(this.#ledger.skipped.map(({ change }) => change));
    const { events, settled, failed } = eventsOf({ source, category, salt: this.#ledger.salt, skipped }, changes);
    const pieces = piecesOf(events, Math.min(PIECE_STREAMS, RUN_CALLS[this.#plan] - 1));
    let through = 0;
    for (const [index, piece] of pieces.entries()) {
      const calls = new Set(piece.map(({ stream }) => stream)).size + 1;
      if (index > 0 && calls > allowance.calls) return false;
      allowance.calls -= calls;
      const counts = await this.#append(piece);
      const isLast = index === pieces.length - 1;
      const next = isLast ? settled.length : settled.indexOf(piece.at(-1)?.change as Change) + 1;
      this.#note(settled.slice(through, next), counts, isLast && !failed ? end : undefined);
      through = next;
    }
    if (pieces.length === 0 && settled.length > 0) this.#note(settled, { appended: 0, ended: 0 }, failed ? undefined : end);
    if (failed) throw new ChangeMistake(failed.change.position, failed.message);
    return true;
  }

  /** @param end undefined: changes of the same portion follow */
  #note(settled: readonly Change[], { appended, ended }: Pick<Place, "appended" | "ended">, end: Partial<Place> | undefined): void {
    const place = this.#ledger.place;
    const last = settled.at(-1);
    this.#ledger.settle({
      ...withoutAhead(place),
      ...(last ? { position: last.position, ...(end ? {} : { ahead: last.id }) } : {}),
      changes: place.changes + settled.length,
      appended: place.appended + appended,
      ended: place.ended + ended,
      progressAt: Date.now(),
      ...end,
    });
  }

  async #append(piece: readonly ChangeEvent[]): Promise<Pick<Place, "appended" | "ended">> {
    const byStream = Map.groupBy(piece, ({ stream }) => stream);
    const parts: StreamPart[] = [...byStream].map(([stream, ones]) => ({ stream, events: ones.map(({ event }) => event) }));
    const order = piece.map(({ stream }) => stream);
    const held = await this.#writer.store(order, parts, true);
    let [appended, ended] = [0, 0];
    for (const { stream, events } of parts) {
      const { stored = 0, versions = [], refused } = held.get(stream) ?? {};
      appended += stored;
      // Another outcome than `deleted` is not possible: the first content stands.
      if (refused?.outcome === "deleted") {
        ended += events.length - versions.length;
        logger.warn({ message: "a source read changes for a stream that was deleted; they are dropped", store: this.#store.name, stream });
      } else if (refused) throw new Error(`${stream} answered ${refused.outcome}`);
    }
    return { appended, ended };
  }

  async #settleWaiting(source: Source, allowance: Allowance): Promise<boolean> {
    while (!this.isStopping && allowance.changes > 0 && allowance.calls > 0 && Date.now() < allowance.deadline) {
      const messages = this.#ledger.waitingMessages(WAITING_PORTION[this.#plan]);
      if (messages.length === 0) {
        this.#ledger.forgetTrouble();
        return false;
      }
      allowance.changes -= messages.length;
      const failed = await this.#settleMessages(source, messages, allowance);
      const settled = failed
        ? messages.slice(
            0,
            messages.findIndex(({ id }) => id === failed.change),
          )
        : messages;
      this.#ledger.settle(
        this.#ledger.place,
        settled.map(({ number }) => number),
      );
      if (failed) throw failed;
    }
    return true;
  }

  /** Returns at which of the messages it failed. */
  async #settleMessages(source: Source, messages: readonly WaitingMessage[], allowance: Allowance): Promise<ChangeMistake | undefined> {
    const changes: Change[] = [];
    const isSkipped = new Set(this.#ledger.skipped.map(({ change }) => change));
    let failed: ChangeMistake | undefined;
    for (const message of messages) {
      if (isSkipped.has(message.id)) continue;
      try {
        changes.push(changeOf(source, message));
      } catch (error) {
        failed = new ChangeMistake(message.id, messageOf(error));
        break;
      }
    }
    try {
      await this.#settle(source, changes, allowance);
      return failed;
    } catch (error) {
      if (error instanceof ChangeMistake) return error;
      throw error;
    }
  }

  async #categoryOf({ to }: Source): Promise<PlainCategory> {
    const found = await this.#store.definitions.category(to);
    if (found === undefined) throw new SourceStopped(`the category ${to}, which the source feeds, is not declared`);
    if (found.status === "retired") throw new SourceStopped(`the category ${to}, which the source feeds, was retired`);
    if (found.status === "removed") throw new SourceStopped(`the category ${to}, which the source feeds, is no longer in the code`);
    return found.category;
  }

  #seen({ changes, lag, warning, hasMore }: Portion): void {
    if (warning !== undefined && warning !== this.#ledger.warning)
      logger.warn({ message: "a source has a warning", store: this.#store.name, source: this.#source, reason: warning });
    this.#ledger.warning = warning;
    this.#ledger.lag = lag;
    this.#ledger.lagAt = Date.now();
    this.#ledger.isAtEnd = !hasMore || changes.length === 0;
  }

  #context() {
    const { cursor } = this.#ledger.place;
    const { variables } = this.#store;
    return {
      store: this.#store.name,
      source: this.#source,
      cursor,
      binding(name: string): unknown {
        const found = sourceBinding(variables, name);
        if (found === undefined || found === "") throw new SourceStopped(`the deployment has no variable, secret or binding ${name}`);
        return found;
      },
    };
  }
}

/** What a message says, as its kind reads it. */
export function changeOf({ outside: { kind, settings } }: Source, { id, timestamp, body }: BroughtMessage): Change {
  if (!kind.isBrought) throw new Error(`sources of kind ${kind.name} read for themselves`);
  return kind.changeOf(settings, { id, timestamp, body: JSON.parse(body) as JsonValue });
}

function withoutAhead({ ahead: _ahead, ...place }: Place): Place {
  return place;
}

/** Cuts events so that no piece is of more streams than this. */
function piecesOf(events: readonly ChangeEvent[], most: number): ChangeEvent[][] {
  const pieces: ChangeEvent[][] = [];
  let streams = new Set<string>();
  for (const event of events) {
    const last = pieces.at(-1);
    const isNew = !streams.has(event.stream);
    if (last && !(isNew && streams.size >= most)) last.push(event);
    else {
      pieces.push([event]);
      streams = new Set();
    }
    streams.add(event.stream);
  }
  return pieces;
}
