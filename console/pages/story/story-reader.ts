/** Reads a story: the events of a correlation as far as there are any, then what comes, with deliveries and what fails now. */

import { batch, signal, type Signal } from "@preact/signals";
import { HeadspringError } from "headspring/client";
import { type ConsumerReport, type LogPage, type StoredEvent, UUID } from "../../store/event.ts";
import { query, segments } from "../../store/paths.ts";
import { whyNot } from "../../store/rights.ts";
import { get } from "../../store/store.ts";
import type { DeliveryReport } from "./tree.ts";

/** Events that are read before somebody asks for more. */
const EVENTS = 2_000;
const PAGE = 500;
/** Events that `GET /webhooks/deliveries` takes at once. */
const DELIVERIES = 100;
/** Milliseconds between two looks. */
const EVERY_MS = 2_000;
/** Milliseconds after which an event that no webhook has tried to send is believed to concern none. Ours. */
const SETTLES_MS = 60_000;

/** The same again is no change: the tree is made of it. */
function update<Value>(signal: Signal<Value>, value: Value): void {
  if (JSON.stringify(value) !== JSON.stringify(signal.value)) signal.value = value;
}

export class StoryReader {
  /** In the order of the log. */
  readonly events = signal<readonly StoredEvent[]>([]);
  readonly deliveries = signal<readonly DeliveryReport[]>([]);
  readonly consumers = signal<readonly ConsumerReport[]>([]);
  /** How far the log was read, and its end. */
  readonly progress = signal<{ readonly read: number; readonly head: number } | undefined>(undefined);
  /** As many as are read at once: there may be more. */
  readonly isFull = signal(false);
  /** The caller may see deliveries and consumers, as far as is known. */
  readonly isOpen = signal(whyNot("admin") === undefined);
  readonly error = signal<HeadspringError | undefined>(undefined);
  readonly #correlationId: string;
  /** A position at or before which the first event is, if the address has one. */
  readonly #near: number | undefined;
  readonly #ended = new AbortController();
  #limit = EVENTS;
  #after = 0;
  #isRootSought = false;
  /** Events whose deliveries have all ended. */
  readonly #settled = new Set<number>();

  constructor(correlationId: string, near: number | undefined) {
    this.#correlationId = correlationId;
    this.#near = near;
  }

  end(): void {
    this.#ended.abort();
  }

  readOn(): void {
    this.#limit += EVENTS;
    this.isFull.value = false;
  }

  /** Until it is ended. */
  async follow(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        if (!document.hidden) await this.#look();
      } catch (error) {
        if (!signal.aborted) this.error.value = error as HeadspringError;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #look(): Promise<void> {
    for (let more = true; more;) {
      if (this.events.value.length >= this.#limit) {
        this.isFull.value = true;
        break;
      }
      const page = await this.#get<LogPage>(`/log${query({ correlationId: this.#correlationId, after: this.#after, limit: PAGE })}`);
      this.#after = page.next ?? this.#after;
      more = page.hasMore;
      batch(() => {
        if (page.events.length > 0) this.events.value = [...this.events.value, ...page.events];
        update(this.progress, { read: more ? this.#after : page.head, head: page.head });
      });
    }
    await this.#seekRoot();
    if (!this.isOpen.value) return;
    try {
      if (await this.#readConsumers()) await this.#readDeliveries();
    } catch (error) {
      // Only administrators see what follows; the events are a story without it.
      if (!(error instanceof HeadspringError) || error.status !== 403) throw error;
      this.isOpen.value = false;
    }
  }

  /** A fact that was appended without a `Correlation-Id` begins a correlation of its own id, which it does not carry itself. */
  async #seekRoot(): Promise<void> {
    const events = this.events.value;
    const isThere = events.some(({ id }) => id === this.#correlationId);
    const isMissed =
      events.length === 0 || events.some(({ meta }) => meta.causationId === this.#correlationId && meta.$processor !== undefined);
    if (this.#isRootSought || isThere || !isMissed || !UUID.test(this.#correlationId)) return;
    this.#isRootSought = true;
    const before = events[0]?.position ?? (this.#near === undefined ? undefined : this.#near + 1);
    const path = `/log${segments("events", this.#correlationId)}${query({ after: before })}`;
    const found = await this.#get<{ events: readonly StoredEvent[] }>(path);
    if (found.events.length > 0) this.events.value = [found.events[0]!, ...events];
  }

  async #readDeliveries(): Promise<void> {
    const open = this.events.value.flatMap(({ position }) => (position === undefined || this.#settled.has(position) ? [] : position));
    if (open.length === 0) return;
    for (let first = 0; first < open.length; first += DELIVERIES) {
      const positions = open.slice(first, first + DELIVERIES);
      const { deliveries } = await this.#get<{ deliveries: readonly DeliveryReport[] }>(
        `/webhooks/deliveries${query({ position: positions })}`,
      );
      const asked = new Set(positions);
      const others = this.deliveries.value.filter(({ position }) => !asked.has(position));
      update(this.deliveries, [...others, ...deliveries]);
      for (const [position, its] of Map.groupBy(deliveries, ({ position }) => position)) {
        if (its.every(({ status }) => status === "delivered" || status === "skipped")) this.#settled.add(position);
      }
    }
    // Older ones without a delivery get none any more; what is new may still be on its way.
    const recent = Date.now() - SETTLES_MS;
    const sent = new Set(this.deliveries.value.map(({ position }) => position));
    for (const { position, recordedAt } of this.events.value) {
      if (position !== undefined && !sent.has(position) && Date.parse(recordedAt) < recent) this.#settled.add(position);
    }
  }

  /** @returns whether there are webhooks, whose deliveries belong to the story */
  async #readConsumers(): Promise<boolean> {
    const { consumers } = await this.#get<{ consumers: readonly ConsumerReport[] }>("/consumers");
    update(
      this.consumers,
      consumers.filter(({ kind, lastError }) => lastError !== undefined && kind !== "webhook"),
    );
    return consumers.some(({ kind }) => kind === "webhook");
  }

  #get<Body>(path: string): Promise<Body> {
    return get<Body>(path, this.#ended.signal);
  }
}
