/** One segment of a log: its parts, and how they work together. The calls that reach it are in `log-object.ts`. */

import type { HeadspringEnv } from "../store/env.ts";
import type { App } from "../definitions/app.ts";
import { consumersInCode } from "../definitions/consumers.ts";
import type { DeclaredConsumers, Introduction } from "../store/log-consumers.ts";
import { Notifier } from "./notifier.ts";
import { type Answer, type Call, commit } from "./commit.ts";
import { Audience } from "./audience.ts";
import { Erasures } from "./erasures.ts";
import { Feed } from "./feed.ts";
import { GroupCommit } from "./group-commit.ts";
import { Introduced } from "./introduced.ts";
import { StartPositions } from "./start-positions.ts";
import { type Begun, SegmentState } from "./segment-state.ts";
import { type Handover, type Moved, segmentBytes } from "../store/segment.ts";
import { Subscribers } from "./subscribers.ts";
import { Waiters } from "./waiters.ts";
import { logger } from "../telemetry/logger.ts";

/** How soon the alarm tries again if another segment did not take something. Ours. */
const RETRY_MS = 5_000;

export class Segment {
  readonly state: SegmentState;
  readonly startPositions: StartPositions;
  readonly subscribers: Subscribers;
  readonly audience: Audience;
  readonly notifier: Notifier;
  readonly feed: Feed;
  readonly waiters = new Waiters();
  readonly #commits: GroupCommit<Call, Answer>;
  readonly #teaching: GroupCommit<readonly string[], undefined>;
  readonly #erasures: Erasures;
  readonly #introduced = new Introduced();
  readonly #storage: DurableObjectStorage;

  constructor(ctx: DurableObjectState, env: HeadspringEnv, app: App) {
    const { storage } = ctx;
    const inCode = consumersInCode(app, env);
    this.#storage = storage;
    this.#erasures = new Erasures(storage.sql);
    this.subscribers = new Subscribers(storage);
    this.startPositions = new StartPositions(storage.kv, inCode.startingAtHead);
    const state = (this.state = new SegmentState(ctx, env, app, this.#erasures, (handover) => this.#tookOver(handover)));
    const head = () => state.known?.table.head ?? 0;
    this.audience = new Audience(inCode.hash, inCode.filters, () => this.subscribers.filters(), this.#introduced);
    this.notifier = new Notifier(storage, env.WAKE_UPS, state.store, head, this.audience);
    this.feed = new Feed(ctx, state.store, head, async (request) => (await state.begun()).reader.page(request));
    const parts = {
      storage,
      place: state,
      notifier: this.notifier,
      origins: this.startPositions,
      erasures: this.#erasures,
      fullAt: () => segmentBytes(env),
    };
    this.#teaching = new GroupCommit(
      async (group) => {
        const { table, earlier } = await state.begun();
        await earlier.teach(table, group.flat());
        return group.map(() => undefined);
      },
      () => {},
    );
    this.#commits = new GroupCommit(
      async (group) => {
        const { answers, grew, isFull } = await commit(parts, group);
        if (grew || isFull) this.#spread(group, isFull);
        return answers;
      },
      () => this.#forget(),
    );
  }

  /**
   * Takes a call into the next group. What an earlier segment may know of its streams is asked first, so that no other call waits for that; the
   * questions of calls that come until then go together.
   */
  async take(call: Call): Promise<Answer> {
    const { table, earlier } = await this.state.begun();
    const strangers = earlier.previous
      ? call.parts.map(({ stream }) => stream).filter((stream) => table.versionHere(stream) === undefined)
      : [];
    if (strangers.length > 0) await this.#teaching.take(strangers);
    return this.#commits.take(call);
  }

  /** What the next segment takes over, once this one is sealed. */
  async handover(): Promise<Handover | undefined> {
    const { table, info } = await this.state.begun();
    if (!this.state.sealed) return undefined;
    return {
      first: table.head + 1,
      earlier: [...info.earlier, info.first],
      ...this.subscribers.handover(),
      origins: this.startPositions.all(),
      erasures: [...this.#erasures.pending].map(([stream, before]) => ({ stream, before })),
    };
  }

  /** Never throws: the platform gives up on an alarm after six failures. */
  async alarm(): Promise<void> {
    try {
      await this.state.begun();
      await (this.state.sealed ? this.#goOn() : this.notifier.alarm());
      await this.#eraseEarlier();
    } catch (error) {
      const { store, number: segment } = this.state;
      logger.warn({ message: "another segment of the log could not be reached; trying again", store, segment }, error);
      await this.#storage.setAlarm(Date.now() + RETRY_MS);
    }
  }

  /** Notifies everything that waits for the committed events. The alarm does the same, in case this fails. */
  #spread(group: readonly Call[], isFull: boolean): void {
    const parts = group.flatMap((call) => call.parts);
    this.notifier.notify(parts.findLast(({ events }) => events[0]?.trace)?.events[0]?.trace);
    this.feed.push();
    this.waiters.tell(parts);
    if (isFull) void this.#goOn().catch(() => {});
    void this.#eraseEarlier().catch(() => {});
  }

  introduce({ consumers, filters = [], startingAtHead }: Introduction, head: number): void {
    this.#introduced.add({ consumers, filters }, Date.now());
    this.startPositions.meet(startingAtHead, head);
  }

  /** A group was not committed: what memory has of it is wrong. */
  #forget(): void {
    this.state.known?.table.reload();
    this.#erasures.reload();
    this.startPositions.reload();
    this.notifier.disarm();
  }

  /** Starts the next segment, and closes the subscriptions so that they continue there. */
  async #goOn(): Promise<void> {
    await this.state.segment(this.state.number + 1).head();
    this.feed.sendAway();
  }

  /** Keeps what the catalog declares. What is new, or wants other events, is woken. */
  async declare(declared: DeclaredConsumers): Promise<void> {
    await this.notifier.load();
    const { changed, gone } = this.#storage.transactionSync(() => this.subscribers.declare(declared));
    if (changed.length + gone.length > 0) this.audience.forget();
    for (const consumer of gone) this.notifier.known.forget(consumer);
    for (const consumer of changed) this.notifier.known.doubt(consumer);
    if (changed.length === 0) return;
    this.notifier.arm();
    this.notifier.notify();
  }

  #tookOver({ origins = {}, erasures = [], ...handover }: Handover): void {
    for (const { stream, before } of erasures) this.#erasures.add(stream, before);
    this.subscribers.adopt(handover);
    this.startPositions.adopt(origins);
    this.notifier.arm();
  }

  #eraseEarlier(): Promise<void> {
    return this.#erasures.carryOut(() => this.state.segment(this.state.number - 1));
  }

  /** Answers, if this is the log's last segment. */
  async here<Answer>(answer: (self: Begun) => Answer | Promise<Answer>): Promise<Answer | Moved> {
    const self = await this.state.begun();
    return this.state.sealed ? { movedTo: this.state.number + 1 } : answer(self);
  }
}
