/**
 * Sends a subscription's WebSocket on as server-sent events.
 *
 * The response lives in the worker, where waiting costs nothing; the log object sleeps at the other end of the socket. The reader sets the
 * pace: the log sends at most a window beyond the checkpoints that are answered, and they are answered when the reader has taken what came
 * before them.
 */

import { comment, eventStream } from "./sse.ts";
import { SocketReader } from "./socket-reader.ts";

/** The events of the socket, until one of the sides ends it. Browsers reconnect by themselves. */
export function serverSentEvents(socket: WebSocket): ReadableStream<Uint8Array> {
  const inbox = new SocketReader(socket);
  return eventStream({
    async next(waitMs) {
      const messages = await inbox.take(waitMs);
      if (messages === "closed") return { text: comment(inbox.reason), last: true };
      const { text, checkpoints } = toServerSentEvents(messages);
      return { text, sent: () => answer(socket, checkpoints) };
    },
    close: () => socket.close(),
  });
}

/** Sends checkpoints back: the reader has taken what came before them. */
export function answer(socket: WebSocket, checkpoints: readonly string[]): void {
  if (socket.readyState === WebSocket.OPEN) for (const checkpoint of checkpoints) socket.send(checkpoint);
}

/**
 * An event keeps the type `message`, so that `onmessage` gets all of them: its own type is in its data. A checkpoint becomes an event
 * without data, which by the HTML standard is not dispatched but moves `Last-Event-ID`: a reader whose filter no event passes still resumes
 * near the head.
 */
function toServerSentEvents(messages: readonly string[]): { text: string; checkpoints: string[] } {
  const checkpoints: string[] = [];
  const blocks = messages.map((message) => {
    const { position, checkpoint } = JSON.parse(message) as { position: number; checkpoint?: { position: number } };
    if (checkpoint) checkpoints.push(message);
    // JSON may have line breaks between its tokens. A reader joins the lines again.
    return checkpoint ? `id: ${checkpoint.position}\n\n` : `id: ${position}\ndata: ${message.replaceAll(/\r\n?|\n/g, "\ndata: ")}\n\n`;
  });
  return { text: blocks.join(""), checkpoints };
}
