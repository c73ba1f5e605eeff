/** Those outside who follow the store whatever happens to it: subscribers that resume, and endpoints of webhooks. */

import { setTimeout as sleep } from "node:timers/promises";
import type { ServerResponse } from "node:http";
import type { Client } from "../../scripts/client.ts";
import { type Delivery, Receiver, accept } from "../../scripts/receiver.ts";
import type { RecordedEvent } from "../../src/core/event.ts";
import { messageId } from "../../src/deliveries/delivery-id.ts";
import { EventStream } from "../event-stream.ts";

export type Event = RecordedEvent<string, Readonly<Record<string, unknown>>> & { readonly erased?: true };

/** Milliseconds in which a connection says something, if only that it is there. The log says so every 15 s. */
const SILENCE_MS = 25_000;
/** Every so often a webhook's flaky endpoint fails, and each delivery at most once. */
const FLAKY_EVERY = 60;

/** A subscriber: what it saw, in the order in which it saw it. */
export class Follower {
  readonly name: string;
  readonly store: string;
  readonly seen: Event[] = [];
  connections = 0;
  readonly #over = new AbortController();
  readonly #connect: (follower: Follower) => Promise<void>;
  #following: Promise<void> = Promise.resolve();
  /** What it sends to resume: the last position it knows of, whether or not an event was there for it. */
  resume = 0;
  readonly matches: (event: Event) => boolean;

  private constructor(name: string, store: string, matches: (event: Event) => boolean, connect: (follower: Follower) => Promise<void>) {
    this.name = name;
    this.store = store;
    this.matches = matches;
    this.#connect = connect;
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  static serverSentEvents(
    url: string,
    store: string,
    filter: { readonly query: string; readonly matches: (event: Event) => boolean },
  ): Follower {
    const path = `${url}/stores/${store}/log?${filter.query}`;
    return new Follower(`server-sent events ${filter.query}`.trim(), store, filter.matches, async (follower) => {
      const silence = new AbortController();
      const response = await fetch(path, {
        headers: { accept: "text/event-stream", "last-event-id": String(follower.resume) },
        signal: AbortSignal.any([silence.signal, follower.over]),
      });
      if (!response.ok || !response.body) return;
      follower.connections++;
      const stream = new EventStream(response.body as ReadableStream<Uint8Array>, String(follower.resume));
      let alarm = setTimeout(() => silence.abort(), SILENCE_MS);
      while (await stream.read()) {
        clearTimeout(alarm);
        alarm = setTimeout(() => silence.abort(), SILENCE_MS);
        for (const { data } of stream.take()) follower.seen.push(JSON.parse(data) as Event);
        follower.resume = Number(stream.lastEventId);
      }
      clearTimeout(alarm);
    }).#begin();
  }

  static webSocket(url: string, store: string): Follower {
    return new Follower(
      "web socket",
      store,
      () => true,
      async (follower) => {
        const { promise: closed, resolve } = Promise.withResolvers<void>();
        const socket = new WebSocket(`${url.replace("http", "ws")}/stores/${store}/log?after=${follower.resume}`);
        let heard = Date.now();
        const alarm = setInterval(() => {
          if (Date.now() - heard > SILENCE_MS) resolve();
          else if (socket.readyState === WebSocket.OPEN) socket.send("ping");
        }, SILENCE_MS / 5);
        socket.addEventListener("open", () => void follower.connections++);
        socket.addEventListener("message", ({ data }) => {
          heard = Date.now();
          if (data === "pong") return;
          const message = JSON.parse(data as string) as Event & { checkpoint?: { position: number } };
          if (message.checkpoint) socket.send(data as string);
          else follower.seen.push(message);
          follower.resume = (message.checkpoint ?? message).position;
        });
        for (const end of ["close", "error"] as const) socket.addEventListener(end, () => resolve());
        follower.over.addEventListener("abort", () => resolve());
        await closed;
        clearInterval(alarm);
        socket.close();
      },
    ).#begin();
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#following;
  }

  #begin(): this {
    this.#following = (async () => {
      while (!this.over.aborted) {
        await this.#connect(this).catch(() => {}); // nobody listens, or the connection broke
        await sleep(50);
      }
    })();
    return this;
  }
}

/** The endpoint of a webhook, and what it is to be sent. */
export class Endpoint {
  readonly name: string;
  readonly store: string;
  readonly categories: readonly string[];
  readonly receiver: Receiver;
  /** The webhook's own id. */
  readonly id: string;
  /** Replays that were acknowledged: `run`, of the events after `from`, up to `to`. */
  readonly replays: { readonly run: number; readonly from: number; readonly to: number }[] = [];
  /** As many replays may be under way or done, acknowledged or not. */
  replaysAsked = 0;
  readonly #runs = new Map<string, number>();
  /** Ids of deliveries in the order in which they were accepted first. */
  readonly accepted = new Set<string>();

  private constructor(name: string, store: string, id: string, categories: readonly string[], receiver: Receiver) {
    this.name = name;
    this.id = id;
    this.store = store;
    this.categories = categories;
    this.receiver = receiver;
  }

  static async open(client: Client, store: string, kind: "prompt" | "flaky", categories: readonly string[]): Promise<Endpoint> {
    const receiver = await Receiver.listen();
    const created = await client.call<{ id: string; secret: string }>(`/stores/${store}/webhooks`, {
      url: receiver.url,
      categories,
      from: 0,
    });
    if (created.status !== 201) throw new Error(`no webhook: ${created.status} ${JSON.stringify(created.body)}`);
    const endpoint = new Endpoint(`${kind} endpoint`, store, created.body.id, categories, receiver);
    receiver.secret = created.body.secret;
    const failed = new Set<string>();
    receiver.answer = (response: ServerResponse, { id, event }) => {
      if (kind === "flaky" && event.position % FLAKY_EVERY === 0 && !failed.has(id)) {
        failed.add(id);
        return void response.writeHead(500).end();
      }
      endpoint.accepted.add(id);
      accept(response);
    };
    return endpoint;
  }

  /** Whether it is to be sent this. */
  wants({ stream, type }: Event): boolean {
    return this.categories.includes(stream.slice(0, stream.indexOf("/"))) && !type.startsWith("$");
  }

  /** The replay that a delivery belongs to; 0: it is the first of its event. */
  runOf({ id, event: { position } }: Pick<Delivery, "id" | "event">): number {
    let run = this.#runs.get(id);
    if (run === undefined) {
      for (run = 0; run <= this.replaysAsked && messageId(this.store, this.id, { run, position }) !== id;) run++;
      this.#runs.set(id, run);
    }
    return run;
  }

  /** What replays owe it, of these events. */
  owedByReplays(events: readonly Event[]): { readonly run: number; readonly event: Event }[] {
    const got = new Set(this.receiver.deliveries.map((delivery) => `${this.runOf(delivery)} ${delivery.event.position}`));
    return this.replays.flatMap(({ run, from, to }) =>
      events
        .slice(from, to)
        .filter((event) => this.wants(event) && !got.has(`${run} ${event.position}`))
        .map((event) => ({ run, event })),
    );
  }

  /** Positions that it has got. */
  get positions(): Set<number> {
    return new Set(this.receiver.deliveries.map(({ event }) => event.position));
  }
}
