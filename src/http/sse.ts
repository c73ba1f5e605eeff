/** Server-sent events at the pace of their reader, for as long as there is something to send. */

import { FEED_ANSWER_MS } from "../core/limits.ts";
import { FEED_HEARTBEAT_MS, FEED_RETRY_MS } from "./limits.ts";

export const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no", // asks proxies of nginx's kind to pass everything on at once
};

/** Blocks of the stream. */
export interface Blocks {
  /** Empty: nothing has arrived. */
  readonly text: string;
  /** Called when it is on its way to the reader. */
  readonly sent?: () => void;
  /** Nothing comes after it. */
  readonly last?: boolean;
}

export interface BlockSource {
  /** The next blocks, after at most this many milliseconds. Called only when the reader has taken everything. */
  next(waitMs: number): Promise<Blocks>;
  /** The reader has gone, or takes nothing. */
  close(): void;
}

/** The source's blocks, until one of the sides ends it, or the reader takes nothing for {@link FEED_ANSWER_MS}. */
export function eventStream(source: BlockSource): ReadableStream<Uint8Array> {
  const utf8 = new TextEncoder();
  let stuck: ReturnType<typeof setTimeout> | undefined;
  let head = `retry: ${FEED_RETRY_MS}\n\n`;
  let gone = false;

  return new ReadableStream<Uint8Array>(
    {
      /** Called when the reader has taken everything. */
      async pull(controller) {
        clearTimeout(stuck);
        const { text, sent, last }: Blocks = head === "" ? await source.next(FEED_HEARTBEAT_MS) : { text: "" };
        if (gone) return;
        if (last) {
          if (text !== "") controller.enqueue(utf8.encode(text));
          return controller.close();
        }
        controller.enqueue(utf8.encode(head + text || ":\n\n"));
        head = "";
        sent?.();
        stuck = setTimeout(() => {
          source.close();
          controller.error(new Error(`the reader has read nothing for ${FEED_ANSWER_MS} ms`));
        }, FEED_ANSWER_MS);
      },
      cancel() {
        gone = true;
        clearTimeout(stuck);
        source.close();
      },
    },
    { highWaterMark: 0 }, // otherwise the stream would run one step ahead of its reader
  );
}

/** A comment, for people who look at the stream. */
export function comment(text: string): string {
  return text === "" ? "" : `: ${text}\n\n`;
}
