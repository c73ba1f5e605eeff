/** A connection to an MQTT broker over a WebSocket, and what arrives over it. It only receives. */

import { within } from "../../core/within.ts";
import { SourceStopped } from "../../definitions/sources/kind.ts";
import { ArrivedMessages } from "./arrived.ts";
import {
  connectPacket,
  type ConnectOptions,
  DISCONNECT,
  type Packet,
  PacketReader,
  PINGREQ,
  pubackPackets,
  type PublishPacket,
  subscribePacket,
  unsubscribePacket,
  type Version,
} from "./packets.ts";
import { reasonOf, refusal } from "./reasons.ts";

/** Milliseconds until the broker must have answered what it was asked. Ours. */
const ANSWER_MS = 10_000;
/** Milliseconds that the rest of a message is waited for. Engine: a read takes at most 10 s. */
const LARGE_MS = 9_000;
/** Seconds after which a silent connection counts as broken; half of them after which it asks for a sign of life. Ours. */
const KEEP_ALIVE_SECONDS = 60;

type Connack = Extract<Packet, { type: "connack" }>;

export class MqttSession {
  readonly #socket: WebSocket;
  readonly #version: Version;
  readonly #reader: PacketReader;
  readonly #messages = new ArrivedMessages();
  #answers: Packet[] = [];
  #broken: Error | undefined;
  #happens = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #heardAt = Date.now();
  #packetId = 0;
  isSessionPresent = false;
  /** Seconds for which the broker keeps the session, if it says that these are others than it was asked for. */
  expirySeconds: number | undefined;

  private constructor(socket: WebSocket, version: Version) {
    this.#socket = socket;
    this.#version = version;
    this.#reader = new PacketReader(version);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", () => this.#break(broke()));
    socket.addEventListener("error", () => this.#break(broke()));
    socket.accept();
  }

  /**
   * @param where name of the variable with the address, for messages
   * @throws {SourceStopped} when the broker refuses what will not change by itself
   */
  static async open(url: URL, where: string, options: ConnectOptions): Promise<MqttSession> {
    const address = new URL(url);
    address.protocol = url.protocol === "wss:" ? "https:" : "http:";
    const late = (): never => {
      throw new Error(`the MQTT broker whose address is in ${where} does not answer within ${ANSWER_MS / 1_000} s`);
    };
    const upgrade = fetch(address, { headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": "mqtt" } }).catch(() => {
      // What the platform says could have the address in it.
      throw new Error(`nothing answers at the address in ${where}`);
    });
    const { webSocket, status } = await within(ANSWER_MS, upgrade, late);
    if (!webSocket) throw new Error(`what answers at the address in ${where} is no MQTT broker over a WebSocket: it says ${status}`);
    const session = new MqttSession(webSocket, options.version);
    try {
      session.#send(connectPacket(options));
      const connack = await session.#answer<Connack>("connack", late);
      if (connack.code !== 0) throw refusal(options, connack.code, where);
      session.#begin(connack);
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** @throws {SourceStopped} when the broker refuses a filter */
  async subscribe(topics: readonly string[]): Promise<void> {
    this.#send(subscribePacket(this.#version, ++this.#packetId, topics));
    const { codes } = await this.#answer<Extract<Packet, { type: "suback" }>>("suback");
    for (const [at, topic] of topics.entries()) {
      const code = codes[at] ?? 0x80;
      if (code >= 0x80) throw new SourceStopped(`the MQTT broker refuses the subscription to ${topic}: ${reasonOf(code)}`);
      if (code === 0)
        throw new SourceStopped(`the MQTT broker gives ${topic} with QoS 0 only, with which messages are lost: it must allow QoS 1`);
    }
  }

  async unsubscribe(topics: readonly string[]): Promise<void> {
    this.#send(unsubscribePacket(this.#version, ++this.#packetId, topics));
    await this.#answer("unsuback");
  }

  /** Waits until a message is there, or the time is over. Half a message is waited for longer. @throws when none can come any more */
  async wait(ms: number): Promise<void> {
    const from = Date.now();
    while (this.#messages.count === 0 && !this.isFull) {
      if (this.#broken) throw this.#broken;
      const left = from + (this.#reader.isWithin ? Math.max(ms, LARGE_MS) : ms) - Date.now();
      if (left <= 0) return;
      await this.#wait(left);
    }
  }

  /** The next messages, of at most so many bytes, but one at least if there is one. */
  take(limit: number, bytes: number): PublishPacket[] {
    return this.#messages.take(limit, bytes);
  }

  /** More came than can wait here: the rest comes again over the next connection. */
  get isFull(): boolean {
    return this.#messages.isFull;
  }

  /** @throws when the connection is broken: then the messages come again */
  acknowledge(messages: readonly PublishPacket[]): void {
    const ids = messages.flatMap(({ id }) => (id === undefined ? [] : [id]));
    if (ids.length === 0) return;
    if (this.#broken) throw this.#broken;
    this.#send(pubackPackets(ids));
  }

  close(): void {
    clearInterval(this.#timer);
    try {
      this.#socket.send(DISCONNECT);
    } catch {
      // It is broken already.
    }
    try {
      this.#socket.close(1000);
    } catch {
      // It is closed already.
    }
    this.#break(new Error("the connection to the MQTT broker is closed"));
  }

  #begin({ isSessionPresent, properties }: Connack): void {
    this.isSessionPresent = isSessionPresent;
    const [expiry, keepAlive, quality] = [0x11, 0x13, 0x24].map((id) => properties.get(id));
    if (quality === 0)
      throw new SourceStopped("the MQTT broker gives messages with QoS 0 only, with which they are lost: it must allow QoS 1");
    if (typeof expiry === "number") this.expirySeconds = expiry;
    const seconds = typeof keepAlive === "number" && keepAlive > 0 ? keepAlive : KEEP_ALIVE_SECONDS;
    this.#timer = setInterval(() => {
      if (Date.now() - this.#heardAt > seconds * 1_000) this.#break(new Error("the MQTT broker has gone silent"));
      else this.#send(PINGREQ);
    }, seconds * 500);
  }

  #send(packet: Uint8Array<ArrayBuffer>): void {
    try {
      this.#socket.send(packet);
    } catch {
      this.#break(broke());
    }
  }

  #take(data: unknown): void {
    this.#heardAt = Date.now();
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError("it sends text");
      for (const packet of this.#reader.take(new Uint8Array(data))) this.#receive(packet);
    } catch {
      this.#break(new Error("what arrives from the MQTT broker is not MQTT"));
    }
    this.#happens.resolve();
  }

  #receive(packet: Packet): void {
    if (packet.type === "publish") this.#messages.add(packet);
    else if (packet.type === "disconnect") this.#break(this.#ended(packet.code));
    else if (packet.type !== "pingresp") this.#answers.push(packet);
  }

  #ended(code: number): Error {
    if (code === 0x8e)
      return new SourceStopped(
        "another client has connected to the MQTT broker with this source's client id: give each its own `clientId`, then resume",
      );
    return new Error(`the MQTT broker ended the connection: ${reasonOf(code)}`);
  }

  #break(error: Error): void {
    this.#broken ??= error;
    clearInterval(this.#timer);
    this.#happens.resolve();
  }

  async #answer<Answer extends Packet>(type: Answer["type"], late?: () => never): Promise<Answer> {
    const until = Date.now() + ANSWER_MS;
    for (;;) {
      const found = this.#answers.find((packet): packet is Answer => packet.type === type);
      if (found) {
        this.#answers = this.#answers.filter((packet) => packet !== found);
        return found;
      }
      if (this.#broken) throw this.#broken;
      if (Date.now() >= until) (late ?? silent)();
      await this.#wait(until - Date.now());
    }
  }

  async #wait(ms: number): Promise<void> {
    this.#happens = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.#happens.resolve(), ms);
    await this.#happens.promise;
    clearTimeout(timer);
  }
}

/** MQTT 3.1.1 has no reasons, and not every broker gives those of 5. */
function broke(): Error {
  return new Error("the connection to the MQTT broker broke; if it does so again and again, another client has this source's client id");
}

function silent(): never {
  throw new Error(`the MQTT broker does not answer within ${ANSWER_MS / 1_000} s`);
}
