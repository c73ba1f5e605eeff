/**
 * ⓪ One source = one Durable Object: it follows a database or a broker, and appends what it sees to a plain category, each change once. This file
 * has the calls of routes, the cron and the queue's consumer; `follower.ts` does the work, and `ledger.ts` keeps how far it is.
 *
 * Its alarm wakes it: at once while there is more, after the source's own pause when there is nothing new, later and later while it fails.
 */

import { DurableObject } from "cloudflare:workers";
import { AlarmClock } from "../core/alarm-clock.ts";
import { backoffMs } from "../core/backoff.ts";
import { isoTime } from "../core/iso-time.ts";
import { messageOf } from "../core/mistake.ts";
import { markRetryable } from "../core/retryable.ts";
import { within } from "../core/within.ts";
import type { App } from "../definitions/app.ts";
import { SourceStopped } from "../definitions/sources/kind.ts";
import type { Source } from "../definitions/sources/source.ts";
import type { DeploymentEnv } from "../store/env.ts";
import { type RpcClass, nameOf } from "../store/objects.ts";
import { envOfObject } from "../store/placement.ts";
import type { ActionNotPossible, BroughtMessage, SourceAction, SourceProgress, SourceRpc } from "../store/source-protocol.ts";
import { Store } from "../store/store.ts";
import { requireKnownFormat } from "../store/stored-format.ts";
import { logger } from "../telemetry/logger.ts";
import { ChangeMistake, Follower, changeOf } from "./follower.ts";
import { SourceLedger } from "./ledger.ts";
import { RETRY, STOP_MS, WAITING_MESSAGES } from "./limits.ts";
import { progressOf } from "./progress.ts";

/**
 * Milliseconds after which it looks again while it is at work, in case the object is dead by then: as long as its pause, within these bounds, so that a look
 * which finds nothing sets one alarm. Ours.
 */
const WATCH_MS = { least: 5_000, most: 60_000 };

/** The class of the source objects of an app. Export it as `SourceObject`. */
export function sourceObject(app: App): RpcClass<SourceRpc> {
  return class SourceObject extends DurableObject<DeploymentEnv> implements SourceRpc {
    static {
      markRetryable(this.prototype, "wake", "progress", "take");
    }

    readonly #store: Store;
    readonly #name: string;
    readonly #alarm: AlarmClock;
    readonly #ledger: SourceLedger;
    readonly #follower: Follower;
    /** The run that is under way. */
    #running: Promise<void> | undefined;
    #watchMs = WATCH_MS.least;
    /** Since that run began. */
    #isWanted = false;

    constructor(ctx: DurableObjectState, bindings: DeploymentEnv) {
      const env = envOfObject(ctx, bindings);
      super(ctx, env);
      requireKnownFormat(ctx, "SOURCES");
      const name = nameOf(ctx);
      this.#name = name.slice(name.indexOf("/") + 1);
      this.#store = new Store(env, name.slice(0, name.indexOf("/")), app);
      this.#alarm = new AlarmClock(ctx.storage);
      this.#ledger = new SourceLedger(ctx.storage);
      this.#follower = new Follower(this.#store, this.#name, this.#ledger);
      void ctx.blockConcurrencyWhile(() => this.#alarm.load());
    }

    async wake(isChanged = false): Promise<void> {
      if (isChanged) {
        await this.#stopped(async () => this.#ledger.forgetTrouble());
        this.#wakeNow();
      } else this.#schedule();
    }

    async progress(): Promise<SourceProgress | undefined> {
      const source = await this.#definition();
      // If its alarm is lost, a look at it is enough.
      if (source && !this.#running) this.#rescue(source);
      return source && progressOf(source, this.#ledger);
    }

    async control(action: SourceAction, change?: string): Promise<SourceProgress | ActionNotPossible | undefined> {
      const source = await this.#definition();
      if (!source) return undefined;
      const refused = await this.#act(source, action, change);
      return refused ?? progressOf(source, this.#ledger);
    }

    async remove(): Promise<{ readonly left: string } | undefined> {
      const source = await this.#definition();
      return this.#stopped(async () => {
        let left: string | undefined;
        if (source) {
          left = await this.#follower.forget(source, "remove").then(
            () => undefined,
            (error: unknown) => messageOf(error),
          );
        }
        await this.#ledger.forget();
        this.#alarm.wentOff();
        return left === undefined ? undefined : { left };
      });
    }

    async take(messages: readonly BroughtMessage[]): Promise<void> {
      const source = await this.#definition();
      if (!source) throw new Error(`there is no source ${this.#name}`);
      const { waiting, isPaused, trouble } = this.#ledger;
      if (waiting === 0 && !isPaused && !trouble && !this.#running) {
        try {
          // The platform keeps them until this has returned: they need not be kept here as well.
          return await this.#follower.store(
            source,
            messages.map((message) => changeOf(source, message)),
          );
        } catch {
          // What fails, and why, shows when they are settled one by one.
        }
      }
      if (waiting + messages.length > WAITING_MESSAGES)
        throw new Error(`${this.#name} has ${waiting} messages waiting: the others stay in their queue`);
      this.#ledger.keep(messages);
      this.#schedule();
    }

    /** Never throws: the platform gives up on an alarm after six failures. */
    override async alarm(): Promise<void> {
      this.#alarm.wentOff();
      await (this.#running ??= this.#run().finally(() => (this.#running = undefined)));
    }

    async #run(): Promise<void> {
      this.#isWanted = false;
      // An alarm whose object dies while it is at work may never come again: seen locally.
      this.#alarm.wakeAt(Date.now() + this.#watchMs);
      try {
        const source = await this.#definition();
        if (!source || this.#ledger.isPaused) return await this.#rest();
        const hasMore = await this.#follower.run(source);
        const { kind } = source.outside;
        const pauseMs = kind.isBrought ? 0 : (source.everyMs ?? kind.everyMs);
        if (hasMore || this.#isWanted) this.#alarm.wakeNow();
        // Messages are brought: it has nothing to look for.
        else if (kind.isBrought) await this.#rest();
        else {
          this.#wakeAfter(pauseMs);
          this.#watchMs = Math.min(Math.max(pauseMs, WATCH_MS.least), WATCH_MS.most);
        }
      } catch (error) {
        const retryInMs = this.#failed(error);
        if (this.#isWanted) this.#alarm.wakeNow();
        else if (retryInMs === undefined) await this.#rest();
        else this.#wakeAfter(retryInMs);
      }
    }

    /** Records why it does not go on, and returns when it tries again; undefined: not by itself. */
    #failed(error: unknown): number | undefined {
      const { attempts: earlier = 0 } = this.#ledger.trouble ?? {};
      const attempts = earlier + 1;
      const isStopped = error instanceof SourceStopped;
      const retryInMs = backoffMs(RETRY, attempts);
      const now = Date.now();
      this.#ledger.fail({
        attempts,
        error: { message: messageOf(error), at: isoTime(now), ...(error instanceof ChangeMistake ? { change: error.change } : {}) },
        ...(isStopped ? {} : { nextAt: now + retryInMs }),
      });
      // One line when it begins to fail, not one per attempt.
      if (earlier === 0) {
        const message = isStopped ? "a source has stopped: it needs somebody to act" : "a source failed and will try again";
        logger.error({ message, store: this.#store.name, source: this.#name, attempts }, error);
      }
      return isStopped ? undefined : retryInMs;
    }

    /** The watch is soon enough, if it is as long: then it costs no second write. */
    #wakeAfter(ms: number): void {
      if (ms !== this.#watchMs) this.#alarm.wentOff();
      this.#alarm.wakeAt(Date.now() + ms);
    }

    /** Somebody wants it to work, also if it is just about to rest. */
    #wakeNow(): void {
      this.#isWanted = true;
      this.#alarm.wakeNow();
    }

    async #rest(): Promise<void> {
      this.#alarm.wentOff();
      await this.ctx.storage.deleteAlarm();
    }

    #rescue({ outside: { kind } }: Source): void {
      const { trouble, waiting, isPaused } = this.#ledger;
      const isAtRest = isPaused || (kind.isBrought ? waiting === 0 : trouble !== undefined && trouble.nextAt === undefined);
      if (!isAtRest && !this.#alarm.isSet) this.#schedule();
    }

    /** Makes sure that it works when it should, by what is on record. */
    #schedule(): void {
      const { isPaused, trouble } = this.#ledger;
      if (isPaused || (trouble && trouble.nextAt === undefined)) return;
      this.#alarm.wakeAt(trouble?.nextAt ?? Date.now());
    }

    /** Does something while no run is under way. */
    async #stopped<Result>(work: () => Promise<Result>): Promise<Result> {
      this.#follower.isStopping = true;
      try {
        await within(STOP_MS, this.#running ?? Promise.resolve(), () => {
          throw new Error(`${this.#name} is at work, and has not come to a stop in ${STOP_MS} ms; try again`);
        });
        await this.#follower.close();
        return await work();
      } finally {
        this.#follower.isStopping = false;
      }
    }

    async #act(source: Source, action: SourceAction, change: string | undefined): Promise<ActionNotPossible | undefined> {
      const { isPaused, trouble } = this.#ledger;
      switch (action) {
        case "pause":
          await this.#stopped(async () => {
            this.#ledger.pause();
            await this.#rest();
          });
          return undefined;
        case "resume":
          this.#ledger.resume();
          this.#ledger.forgetTrouble();
          this.#wakeNow();
          return undefined;
        case "retry":
          if (isPaused) return { detail: "it is paused: resume it" };
          if (!trouble) return { detail: "it does not fail: there is nothing to try again" };
          this.#ledger.forgetTrouble();
          this.#wakeNow();
          return undefined;
        case "skip": {
          const failing = trouble?.error.change;
          if (failing === undefined || !trouble) return { detail: "it does not fail at a change: there is nothing to skip" };
          if (failing !== change) return { detail: `it fails at change ${failing}: name that one to skip it` };
          this.#ledger.skip({ change, message: trouble.error.message, skippedAt: isoTime(Date.now()) });
          logger.warn({ message: "a change was skipped by an operator", store: this.#store.name, source: this.#name });
          if (!isPaused) this.#wakeNow();
          return undefined;
        }
        case "reset":
          if (source.outside.kind.isBrought)
            return { detail: `${source.outside.kind.name} brings each message once: there is no beginning to go back to` };
          await this.#stopped(async () => {
            await this.#follower.forget(source, "reset");
            this.#ledger.reset();
          });
          if (!isPaused) this.#wakeNow();
          return undefined;
      }
    }

    async #definition(): Promise<Source | undefined> {
      return this.#store.definitions.source(this.#name);
    }
  };
}
