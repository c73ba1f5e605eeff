/**
 * ⓪ One source = one Durable Object: it follows a database or a broker, and appends what it sees to a plain category, each change once. This file
 * has the calls of routes, the cron and the queue's consumer; `follower.ts` does the work, `schedule.ts` sets the alarm that wakes it, and
 * `ledger.ts` keeps how far it is.
 */

import { DurableObject } from "cloudflare:workers";
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
import { changeOf } from "./brought.ts";
import { ChangeMistake } from "./change-mistake.ts";
import { Follower } from "./follower.ts";
import { SourceLedger } from "./ledger.ts";
import { RETRY, STOP_MS, WAITING_MESSAGES } from "./limits.ts";
import { progressOf } from "./progress.ts";
import { SourceSchedule } from "./schedule.ts";

/** The class of the source objects of an app. Export it as `SourceObject`. */
export function sourceObject(app: App): RpcClass<SourceRpc> {
  return class SourceObject extends DurableObject<DeploymentEnv> implements SourceRpc {
    static {
      markRetryable(this.prototype, "wake", "progress", "take");
    }

    readonly #store: Store;
    readonly #name: string;
    readonly #schedule: SourceSchedule;
    readonly #ledger: SourceLedger;
    readonly #follower: Follower;
    /** The run that is under way. */
    #running: Promise<void> | undefined;

    constructor(ctx: DurableObjectState, bindings: DeploymentEnv) {
      const env = envOfObject(ctx, bindings);
      super(ctx, env);
      requireKnownFormat(ctx, "SOURCES");
      const name = nameOf(ctx);
      this.#name = name.slice(name.indexOf("/") + 1);
      this.#store = new Store(env, name.slice(0, name.indexOf("/")), app);
      this.#ledger = new SourceLedger(ctx.storage);
      this.#schedule = new SourceSchedule(ctx.storage, this.#ledger);
      this.#follower = new Follower(this.#store, this.#name, this.#ledger);
      void ctx.blockConcurrencyWhile(() => this.#schedule.load());
    }

    async wake(isChanged = false): Promise<void> {
      if (isChanged) {
        await this.#stopped(async () => this.#ledger.forgetTrouble());
        this.#schedule.wakeNow();
      } else this.#schedule.keep();
    }

    async progress(): Promise<SourceProgress | undefined> {
      const source = await this.#definition();
      // If its alarm is lost, a look at it is enough.
      if (source && !this.#running) this.#schedule.rescue(source);
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
        this.#schedule.wentOff();
        return left === undefined ? undefined : { left };
      });
    }

    async take(messages: readonly BroughtMessage[]): Promise<void> {
      const source = await this.#definition();
      if (!source) throw new Error(`there is no source ${this.#name}`);
      const { kind, settings } = source.outside;
      // Its definition has just changed: what the object kept here, nobody would ever read.
      if (!kind.isBrought) throw new Error(`${this.#name} is of kind ${kind.name} by now, to which no messages are brought`);
      const { waiting, isPaused, trouble } = this.#ledger;
      if (waiting === 0 && !isPaused && !trouble && !this.#running) {
        try {
          // The platform keeps them until this has returned: they need not be kept here as well.
          const changes = messages.map((message) => changeOf({ kind, settings }, message));
          // Otherwise they are of more streams than this invocation may call: runs of their own settle them.
          if (await this.#follower.store(source, changes)) return;
        } catch {
          // What fails, and why, shows when they are settled one by one.
        }
      }
      if (waiting + messages.length > WAITING_MESSAGES)
        throw new Error(`${this.#name} has ${waiting} messages waiting: the others stay in their queue`);
      this.#ledger.keep(messages);
      this.#schedule.keep();
    }

    /** Never throws: the platform gives up on an alarm after six failures. */
    override async alarm(): Promise<void> {
      this.#schedule.wentOff();
      await (this.#running ??= this.#run().finally(() => (this.#running = undefined)));
    }

    async #run(): Promise<void> {
      this.#schedule.begin();
      try {
        const source = await this.#definition();
        if (!source || this.#ledger.isPaused) return await this.#schedule.rest();
        const hasMore = await this.#follower.run(source);
        await this.#schedule.afterRun(source, hasMore);
      } catch (error) {
        await this.#schedule.afterFailure(this.#failed(error));
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
            await this.#schedule.rest();
          });
          return undefined;
        case "resume":
          this.#ledger.resume();
          this.#ledger.forgetTrouble();
          this.#schedule.wakeNow();
          return undefined;
        case "retry":
          if (isPaused) return { detail: "it is paused: resume it" };
          if (!trouble) return { detail: "it does not fail: there is nothing to try again" };
          this.#ledger.forgetTrouble();
          this.#schedule.wakeNow();
          return undefined;
        case "skip": {
          const failing = trouble?.error.change;
          if (failing === undefined || !trouble) return { detail: "it does not fail at a change: there is nothing to skip" };
          if (failing !== change) return { detail: `it fails at change ${failing}: name that one to skip it` };
          this.#ledger.skip({ change, message: trouble.error.message, skippedAt: isoTime(Date.now()) });
          logger.warn({ message: "a change was skipped by an operator", store: this.#store.name, source: this.#name });
          if (!isPaused) this.#schedule.wakeNow();
          return undefined;
        }
        case "reset":
          if (source.outside.kind.isBrought)
            return { detail: `${source.outside.kind.name} brings each message once: there is no beginning to go back to` };
          await this.#stopped(async () => {
            await this.#follower.forget(source, "reset");
            this.#ledger.reset();
          });
          if (!isPaused) this.#schedule.wakeNow();
          return undefined;
      }
    }

    async #definition(): Promise<Source | undefined> {
      return this.#store.definitions.source(this.#name);
    }
  };
}
