/** Clients of the two live routes, for tests in workerd. */

import type { RecordedEvent } from "../../../src/core/event.ts";
import { EventStream, type Message } from "../../event-stream.ts";
import type { freshStore } from "../support.ts";
import { eventually } from "../eventually.ts";

type Store = Pick<ReturnType<typeof freshStore>, "get">;

interface Checkpoint {
  readonly position: number;
  readonly head: number;
}

/** A WebSocket that notes what it gets, and sends checkpoints back unless told not to. */
export class SocketClient {
  readonly events: RecordedEvent[] = [];
  readonly checkpoints: Checkpoint[] = [];
  /** Characters of all messages. */
  received = 0;
  closed: { code: number; reason: string } | undefined;
  /** Resolves when the connection has come to its end. */
  readonly ended: Promise<void>;
  readonly #socket: WebSocket;
  #pings = 0;
  #pongs = 0;

  static async open(store: Store, path: string, answers = true): Promise<SocketClient> {
    const { webSocket, status } = await store.get(path, { upgrade: "websocket" });
    if (!webSocket) throw new Error(`no WebSocket, but a ${status}`);
    return new SocketClient(webSocket, answers);
  }

  private constructor(socket: WebSocket, answers: boolean) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.received += (data as string).length;
      if (data === "pong") return void (this.#pongs += 1);
      const message = JSON.parse(data as string);
      if (!message.checkpoint) return void this.events.push(message);
      this.checkpoints.push(message.checkpoint);
      if (answers && socket.readyState === WebSocket.OPEN) socket.send(data);
    });
    this.ended = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        this.closed = { code, reason };
        resolve();
      });
    });
    socket.accept();
  }

  get positions(): number[] {
    return this.events.map(({ position }) => position);
  }

  /** From where it would resume. */
  get position(): number {
    return Math.max(0, this.positions.at(-1) ?? 0, this.checkpoints.at(-1)?.position ?? 0);
  }

  send(message: string | ArrayBuffer): void {
    this.#socket.send(message);
  }

  async close(): Promise<void> {
    this.#socket.close(1000, "enough");
  }

  /** Waits for the answer to a ping, and with it for all that was sent before. */
  async receivedAll(): Promise<void> {
    this.#pings += 1;
    this.send("ping");
    await eventually(() => {
      if (this.#pongs < this.#pings) throw new Error("no pong yet");
    });
  }

  /** Waits for the message that it has everything up to this position. */
  async caughtUp(position: number): Promise<void> {
    await eventually(() => {
      if ((this.checkpoints.at(-1)?.position ?? 0) < position) throw new Error(`at ${JSON.stringify(this.checkpoints.at(-1))}`);
    });
  }
}

/** Server-sent events, read as fast as they come. */
export class EventStreamClient {
  readonly messages: Message[] = [];
  readonly stream: EventStream;
  /** Resolves when the stream has come to its end. */
  readonly ended: Promise<void>;

  static async open(store: Store, path: string, lastEventId?: string): Promise<EventStreamClient> {
    return new EventStreamClient(await openEventStream(store, path, lastEventId));
  }

  private constructor(stream: EventStream) {
    this.stream = stream;
    this.ended = this.#readOn();
  }

  get events(): RecordedEvent[] {
    return this.messages.map(({ data }) => JSON.parse(data));
  }

  get positions(): number[] {
    return this.events.map(({ position }) => position);
  }

  /** From where it would resume. */
  get position(): number {
    return Number(this.stream.lastEventId);
  }

  async close(): Promise<void> {
    await this.stream.close();
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const message = await this.stream.next();
      if (!message) return;
      this.messages.push(message);
    }
  }
}

/** The same, to be read by hand. */
export async function openEventStream(store: Store, path: string, lastEventId?: string): Promise<EventStream> {
  const { body, status } = await store.get(path, {
    accept: "text/event-stream",
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  });
  if (!body || status !== 200) throw new Error(`no event stream, but a ${status}`);
  return new EventStream(body, lastEventId);
}
