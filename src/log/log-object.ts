/** ② One log per store: gives every event its position, and wakes who follows. */

import { DurableObject } from "cloudflare:workers";
import type { App } from "../app.ts";
import { consumersInCode } from "../delivery/consumers.ts";
import type { StoredEvent } from "../event.ts";
import { nameOf } from "../objects.ts";
import type { Acknowledgement, LogPage, LogReadRequest, LogRpc, Sequenced } from "../protocol.ts";
import { Bell } from "./bell.ts";
import { LogTable } from "./log-table.ts";
import { Subscribers } from "./subscribers.ts";

interface Call {
  readonly stream: string;
  readonly events: readonly StoredEvent[];
  readonly resolve: (answer: Sequenced) => void;
  readonly reject: (error: unknown) => void;
}

/** The class of the log objects of an app. Export it as `LogObject`. */
export function logObject(app: App) {
  return class LogObject extends DurableObject<Env> implements LogRpc {
    readonly #table: LogTable;
    readonly #subscribers: Subscribers;
    readonly #bell: Bell;
    #waiting: Call[] = [];
    #committing = false;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#table = new LogTable(ctx.storage.sql);
      this.#subscribers = new Subscribers(ctx.storage.sql);
      const inCode = consumersInCode(app, env);
      this.#bell = new Bell(
        ctx.storage,
        env.WAKE_UPS,
        nameOf(ctx),
        () => this.#table.head,
        () => [...inCode, ...this.#subscribers.all()],
      );
    }

    async sequence(stream: string, events: readonly StoredEvent[]): Promise<Sequenced> {
      return new Promise((resolve, reject) => {
        this.#waiting.push({ stream, events, resolve, reject });
        if (!this.#committing) void this.#commitGroups();
      });
    }

    async read(request: LogReadRequest): Promise<LogPage> {
      return this.#table.page(request);
    }

    async positions(stream: string, from: number, to: number): Promise<Record<number, number>> {
      return this.#table.positions(stream, from, to);
    }

    async head(): Promise<number> {
      return this.#table.head;
    }

    async acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<void> {
      for (const acknowledgement of acknowledgements) this.#bell.acknowledge(acknowledgement);
    }

    async sweep(): Promise<void> {
      await this.#bell.sweep();
    }

    async subscribe(consumer: string): Promise<void> {
      this.#subscribers.add(consumer);
    }

    async unsubscribe(consumer: string): Promise<void> {
      this.#subscribers.remove(consumer);
      this.#bell.forget(consumer);
    }

    async subscribers(): Promise<string[]> {
      return this.#subscribers.all();
    }

    override async alarm(): Promise<void> {
      await this.#bell.alarm();
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
          const before = this.#table.head;
          const answers = this.ctx.storage.transactionSync(() => {
            const accepted = group.map(({ stream, events }) => this.#table.accept(stream, events));
            if (this.#table.head > before) this.#bell.arm();
            return accepted;
          });
          await this.ctx.storage.sync();
          for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Sequenced);
          if (this.#table.head > before) this.#bell.ring();
        } catch (error) {
          this.#table.reload();
          this.#bell.disarm();
          for (const { reject } of group) reject(error);
        }
      }
      this.#committing = false;
    }
  };
}
