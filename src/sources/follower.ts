/**
 * Follows what is outside: connects, reads, has what is new stored (settler.ts), and only then acknowledges; again and again, until there is
 * nothing new.
 *
 * What makes a change arrive once, whatever dies: it keeps its id however often it is read, streams know the ids that they have, and only
 * what is stored is acknowledged outside. What keeps their order: a portion is stored as a whole and in order, before the next is read.
 */

import { isFree } from "../core/budget.ts";
import { type Change, type Connection, type Portion, type ReadKind, SourceStopped } from "../definitions/sources/kind.ts";
import type { Source } from "../definitions/sources/source.ts";
import { introduce } from "../store/introduce.ts";
import { sourceBinding } from "../store/source-binding.ts";
import type { Store } from "../store/store.ts";
import { logger } from "../telemetry/logger.ts";
import { type BroughtOutside, changesOf } from "./brought.ts";
import { ChangeMistake } from "./change-mistake.ts";
import { type SourceLedger, type WaitingMessage, withoutAhead } from "./ledger.ts";
import { CURSOR_CHARACTERS, PORTION_CHANGES, RUN_CALLS, RUN_CHANGES, RUN_MS, WAITING_PORTION } from "./limits.ts";
import { type Calls, Settler } from "./settler.ts";

/** What one run may still do. */
interface Allowance extends Calls {
  changes: number;
  readonly deadline: number;
}

export class Follower {
  readonly #store: Store;
  readonly #source: string;
  readonly #ledger: SourceLedger;
  readonly #plan: "free" | "paid";
  readonly #settler: Settler;
  #connection: { readonly source: Source; readonly connection: Connection } | undefined;
  /** Somebody wants it to stop after the portion at hand. */
  isStopping = false;

  constructor(store: Store, source: string, ledger: SourceLedger) {
    this.#store = store;
    this.#source = source;
    this.#ledger = ledger;
    this.#plan = isFree(store.variables) ? "free" : "paid";
    this.#settler = new Settler(store, ledger, this.#plan);
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
    const { kind, settings } = source.outside;
    if (kind.isBrought) return this.#settleWaiting(source, { kind, settings }, allowance);
    try {
      const hasMore = await this.#read(source, kind, allowance);
      if (!hasMore) await this.close();
      return hasMore;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Stores messages that were brought, in the order given. False: one run has not enough calls for all of them. */
  async store(source: Source, changes: readonly Change[]): Promise<boolean> {
    await introduce(this.#store);
    return this.#settler.settle(source, changes, { calls: RUN_CALLS[this.#plan] });
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
        return await this.#settler.settle(source, rest, allowance, end);
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

  async #settleWaiting(source: Source, outside: BroughtOutside, allowance: Allowance): Promise<boolean> {
    while (!this.isStopping && allowance.changes > 0 && allowance.calls > 0 && Date.now() < allowance.deadline) {
      const messages = this.#ledger.waitingMessages(WAITING_PORTION[this.#plan]);
      if (messages.length === 0) {
        this.#ledger.forgetTrouble();
        return false;
      }
      allowance.changes -= messages.length;
      const failed = await this.#settleMessages(source, outside, messages, allowance);
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
  async #settleMessages(
    source: Source,
    outside: BroughtOutside,
    messages: readonly WaitingMessage[],
    allowance: Allowance,
  ): Promise<ChangeMistake | undefined> {
    const skipped = new Set(this.#ledger.skipped.map(({ change }) => change));
    const { changes, failed } = changesOf(outside, messages, skipped);
    try {
      // They are few enough for one piece, which is settled whatever calls are left.
      await this.#settler.settle(source, changes, allowance);
      return failed;
    } catch (error) {
      if (error instanceof ChangeMistake) return error;
      throw error;
    }
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
