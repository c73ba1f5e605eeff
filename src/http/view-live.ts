/** Live views: `GET /views/{view}` with `Accept: text/event-stream`. */

import { type Backoff, backoffMs } from "../core/backoff.ts";
import * as z from "zod";
import { LIVE_BEHIND_MS, LIVE_INTERVAL_MS } from "./limits.ts";
import { MAX_POSITION } from "../core/limits.ts";
import { type Change, LiveView } from "../views/live.ts";
import type { Served } from "../views/query.ts";
import { type View, filterOfView } from "../definitions/views/view.ts";
import { type BlockSource, type Blocks, EVENT_STREAM_HEADERS, comment, eventStream } from "./sse.ts";
import { answer } from "./feed-sse.ts";
import { accessOf, feedUrlOf, openFeed } from "./feed.ts";
import { SocketReader } from "./socket-reader.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, checked, storeOf } from "./request.ts";
import { answered } from "./view-answers.ts";
import { viewQueryOf } from "./view-query.ts";
import { logger } from "../telemetry/logger.ts";

/** A position, and the table whose rows the reader has: `1287-3f2ab9c01d22`. */
const LiveId = z
  .string()
  .regex(/^\d{1,16}(?:-[\w.-]{1,128})?$/, "a position, or the value of `Headspring-Live`")
  .transform((text) => {
    const [position = "", ...generation] = text.split("-");
    return { position: Number(position), ...(generation.length > 0 ? { generation: generation.join("-") } : {}) };
  })
  .refine(({ position }) => position <= MAX_POSITION, "too large");

export const LiveQuery = z.object({ after: LiveId.optional() });

/** Milliseconds between two checks whether a view has moved forward. Ours: at first what nobody notices, later what costs little. */
const LOOKS: Backoff = { firstDelayMs: 25, maxDelayMs: 400 };

const LONG = comment("this connection has reached its time limit. Resume from your last id");

/** The id with which a reader of rows begins the stream of their changes. */
export function liveId({ position, generation }: Pick<Served, "position" | "generation">): string {
  return `${position}-${generation}`;
}

export async function liveView(context: HttpContext, view: View): Promise<Response> {
  if ([...view.handlers.values()].some(({ write }) => write))
    throw new Problem("not-live", `${view.name} is changed by SQL, and only the database knows which rows that changes; query it instead`);
  const { parameters, conditions } = viewQueryOf(context, view, LiveQuery);
  const resumed = context.req.header("last-event-id");
  const from = resumed ? checked(LiveId, resumed, "Last-Event-ID is not an id of this stream") : parameters.after;
  if (context.req.method === "HEAD") return new Response(null, { headers: EVENT_STREAM_HEADERS });

  const store = storeOf(context);
  const live = new LiveView(store, view, conditions, from?.generation);
  const served = await answered(view, { position: 0, deadline: 0 }, live.start());
  const generation = from?.generation ?? served.generation;
  if (generation !== served.generation) return new Response(oneBlock(reset(served)), { headers: EVENT_STREAM_HEADERS });

  const after = from?.position ?? served.position;
  const socket = await openFeed(store, feedUrl(view, after, accessOf(context)));
  return new Response(eventStream(new LiveBlocks(view, live, socket, generation, after)), { headers: EVENT_STREAM_HEADERS });
}

/** The log's feed of the events that the view folds. A filter that is too large is left out: other events touch no row. */
function feedUrl(view: View, after: number, access: ReturnType<typeof accessOf>): string {
  const { types, categories } = filterOfView(view);
  return feedUrlOf(after, { types, categories }, access) ?? feedUrlOf(after, { categories }, access) ?? feedUrlOf(after, {}, access) ?? "";
}

/** Turns the log's events into blocks with the changed rows. */
export class LiveBlocks implements BlockSource {
  readonly #view: View;
  readonly #live: LiveView;
  readonly #socket: WebSocket;
  readonly #inbox: SocketReader;
  readonly #generation: string;
  #first: string;
  #checkpoints: string[] = [];
  #nextReadAt = 0;

  constructor(view: View, live: LiveView, socket: WebSocket, generation: string, after: number) {
    this.#view = view;
    this.#live = live;
    this.#socket = socket;
    this.#inbox = new SocketReader(socket);
    this.#generation = generation;
    // So that a reader resumes here if it is cut off before anything has happened.
    this.#first = this.#idBlock(after);
  }

  close(): void {
    this.#socket.close();
  }

  async next(waitMs: number): Promise<Blocks> {
    try {
      const blocks = await this.#next(Date.now() + waitMs);
      if (blocks.last) this.close();
      const first = this.#first;
      this.#first = "";
      return { ...blocks, text: first + blocks.text };
    } catch (error) {
      logger.error({ message: "a live view failed and is closed", store: this.#live.store.name, consumer: this.#view.name }, error);
      return this.#end(comment("the view could not be read. Resume from your last id"));
    }
  }

  async #next(deadline: number): Promise<Blocks> {
    if (this.#first !== "") return { text: "" };
    if (this.#live.isSpent) return this.#end(LONG);
    if (!this.#live.isPending) {
      const messages = await this.#inbox.take(Math.max(0, deadline - Date.now()));
      if (messages === "closed") return this.#end(comment(this.#inbox.reason));
      if (messages.length === 0) return (await this.#live.isRebuilt()) ? this.#end(reset()) : { text: "" };
      this.#note(messages);
    }
    // Changes that happen close together are sent together.
    if (Date.now() < this.#nextReadAt) await scheduler.wait(this.#nextReadAt - Date.now());
    for (let looks = 1; ; looks++) {
      const more = await this.#inbox.take(0);
      if (more !== "closed") this.#note(more);
      const step = await this.#live.step();
      this.#nextReadAt = Date.now() + LIVE_INTERVAL_MS;
      if (step.outcome === "rebuilt") return this.#end(reset());
      if (step.outcome === "changes") return this.#tell(step.changes, step.position);
      if (this.#live.behindMs >= LIVE_BEHIND_MS) return this.#end(this.#behind());
      if (this.#live.isSpent) return this.#end(LONG);
      // A sign of life in between.
      const pause = backoffMs(LOOKS, looks);
      if (Date.now() + pause >= deadline) return { text: "" };
      await scheduler.wait(pause);
    }
  }

  #note(messages: readonly string[]): void {
    for (const message of messages) {
      const said = JSON.parse(message);
      if (said.checkpoint) {
        this.#live.reached(said.checkpoint.position);
        this.#checkpoints.push(message);
      } else this.#live.touch(said);
    }
  }

  /** The id comes last: a reader that is cut off before it gets all of this again. */
  #tell(changes: readonly Change[], position: number | undefined): Blocks {
    const blocks = changes.map(({ key, row }) => block(row ? "row" : "removed", row ?? { [this.#view.key]: key }));
    if (position === undefined) return { text: blocks.join("") };
    const checkpoints = this.#checkpoints.splice(0);
    return { text: blocks.join("") + this.#idBlock(position), sent: () => answer(this.#socket, checkpoints) };
  }

  #behind(): string {
    return block("behind", { detail: `${this.#view.name} has not reached the last events in time. Resume from your last id` });
  }

  #end(text: string): Blocks {
    this.close();
    return { text, last: true };
  }

  #idBlock(position: number): string {
    return `id: ${liveId({ position, generation: this.#generation })}\n\n`;
  }
}

/** Without an id: a reader that reconnects without having read the rows again gets it again. */
function reset(served?: Served): string {
  const detail = "the view was rebuilt. Read its rows again, and resume from there";
  return block("reset", { detail, ...(served ? { position: served.position } : {}) });
}

function block(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A stream that ends after one block. */
function oneBlock(text: string): ReadableStream<Uint8Array> {
  return eventStream({ next: async () => ({ text, last: true }), close: () => {} });
}
