/** The packets of MQTT 5 and 3.1.1 that a client which only receives needs: as bytes, and from bytes. Pure. */

import { KiB, MiB } from "../../core/limits.ts";
import { Bytes, Cursor, Malformed, propertiesIn } from "./bytes.ts";

/** Bytes of a packet that is kept whole; of a larger message only its head is. Ours: eight times what an event may hold. */
export const PACKET_BYTES = MiB;
/** Bytes that are kept of a larger packet: its topic and properties must be in them. Ours: the longest topic (64 KiB, MQTT), and as much again. */
const HEAD_BYTES = 128 * KiB;

export type Version = "5" | "3.1.1";

export type Packet =
  | {
      readonly type: "connack";
      readonly isSessionPresent: boolean;
      readonly code: number;
      readonly properties: ReadonlyMap<number, unknown>;
    }
  | { readonly type: "suback"; readonly id: number; readonly codes: readonly number[] }
  | { readonly type: "unsuback" | "pingresp" }
  | { readonly type: "disconnect"; readonly code: number }
  | PublishPacket;

export interface PublishPacket {
  readonly type: "publish";
  readonly topic: string;
  /** The broker's number for the acknowledgement. Absent: QoS 0, which has none. */
  readonly id?: number;
  readonly isRetained: boolean;
  readonly userProperties: readonly (readonly [string, string])[];
  /** Undefined: it is larger than what is kept. */
  readonly payload: Uint8Array | undefined;
  /** Bytes of the payload. */
  readonly bytes: number;
}

export interface ConnectOptions {
  readonly version: Version;
  readonly clientId: string;
  /** Whether an earlier session is thrown away. */
  readonly isClean: boolean;
  readonly keepAliveSeconds: number;
  /** Seconds that the broker keeps the session after the connection, and how many messages it may send ahead. MQTT 5 only. */
  readonly expirySeconds: number;
  readonly receiveMaximum: number;
  readonly user?: string;
  readonly password?: string;
}

const [EXPIRY, RECEIVE_MAXIMUM] = [0x11, 0x21];

export function connectPacket(options: ConnectOptions): Uint8Array<ArrayBuffer> {
  const { version, clientId, isClean, keepAliveSeconds, expirySeconds, receiveMaximum, user, password } = options;
  const flags = (isClean ? 0x02 : 0) | (user === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40);
  const body = new Bytes()
    .text("MQTT")
    .byte(version === "5" ? 5 : 4)
    .byte(flags)
    .two(keepAliveSeconds);
  if (version === "5") {
    const properties = new Bytes().byte(EXPIRY).four(expirySeconds).byte(RECEIVE_MAXIMUM).two(receiveMaximum);
    body.length(properties.size).append(properties);
  }
  body.text(clientId);
  if (user !== undefined) body.text(user);
  if (password !== undefined) body.text(password);
  return body.packet(0x10);
}

/** Asks for QoS 1. MQTT 5: a retained message comes only if the subscription is new. */
export function subscribePacket(version: Version, id: number, topics: readonly string[]): Uint8Array<ArrayBuffer> {
  const body = new Bytes().two(id);
  if (version === "5") body.length(0);
  for (const topic of topics) body.text(topic).byte(version === "5" ? 0x11 : 1);
  return body.packet(0x82);
}

export function unsubscribePacket(version: Version, id: number, topics: readonly string[]): Uint8Array<ArrayBuffer> {
  const body = new Bytes().two(id);
  if (version === "5") body.length(0);
  for (const topic of topics) body.text(topic);
  return body.packet(0xa2);
}

export function pubackPackets(ids: readonly number[]): Uint8Array<ArrayBuffer> {
  const packets = new Uint8Array(ids.length * 4);
  for (const [at, id] of ids.entries()) packets.set([0x40, 2, id >> 8, id & 0xff], at * 4);
  return packets;
}

export const PINGREQ = Uint8Array.of(0xc0, 0);
export const DISCONNECT = Uint8Array.of(0xe0, 0);

/** Makes packets of the bytes that arrive, however they are cut. */
export class PacketReader {
  readonly #version: Version;
  /** The first bytes of a packet: its type, and its length, which takes up to four. */
  #head: number[] = [];
  #body: Uint8Array = new Uint8Array();
  #total = 0;
  #filled = 0;

  constructor(version: Version) {
    this.#version = version;
  }

  /** @throws {Malformed} */
  take(chunk: Uint8Array): Packet[] {
    const packets: Packet[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (!this.#hasHead) {
        this.#begin(chunk[at++]!);
        if (!this.#hasHead || this.#total > 0) continue;
      }
      const some = Math.min(chunk.length - at, this.#total - this.#filled);
      const kept = Math.min(some, this.#body.length - this.#filled);
      if (kept > 0) this.#body.set(chunk.subarray(at, at + kept), this.#filled);
      this.#filled += some;
      at += some;
      if (this.#filled < this.#total) continue;
      packets.push(this.#packet());
      this.#head = [];
    }
    return packets;
  }

  /** Whether a packet has begun to arrive. */
  get isWithin(): boolean {
    return this.#head.length > 0;
  }

  get #hasHead(): boolean {
    return this.#head.length > 1 && (this.#head.at(-1)! & 0x80) === 0;
  }

  #begin(byte: number): void {
    this.#head.push(byte);
    if (this.#head.length > 5) throw new Malformed("a length of more than four bytes");
    if (!this.#hasHead) return;
    this.#total = this.#head.slice(1).reduce((sum, one, place) => sum + (one & 0x7f) * 128 ** place, 0);
    this.#filled = 0;
    this.#body = new Uint8Array(this.#total > PACKET_BYTES ? HEAD_BYTES : this.#total);
  }

  #packet(): Packet {
    const first = this.#head[0]!;
    const body = new Cursor(this.#body);
    const isFive = this.#version === "5";
    switch (first >> 4) {
      case 2: {
        const isSessionPresent = (body.byte() & 1) === 1;
        const code = body.byte();
        return { type: "connack", isSessionPresent, code, properties: isFive && body.left > 0 ? propertiesIn(body).values : new Map() };
      }
      case 3:
        return this.#publish(first, body);
      case 9: {
        const id = body.two();
        if (isFive) propertiesIn(body);
        return { type: "suback", id, codes: [...body.rest()] };
      }
      case 11:
        return { type: "unsuback" };
      case 13:
        return { type: "pingresp" };
      case 14:
        return { type: "disconnect", code: body.left > 0 ? body.byte() : 0 };
      default:
        throw new Malformed(`a packet of type ${first >> 4}`);
    }
  }

  #publish(first: number, body: Cursor): PublishPacket {
    const qos = (first >> 1) & 3;
    if (qos > 1) throw new Malformed(`a message with QoS ${qos}`);
    const topic = body.text();
    const id = qos === 1 ? body.two() : undefined;
    const userProperties = this.#version === "5" ? propertiesIn(body).user : [];
    const bytes = this.#total - body.at;
    const isWhole = this.#body.length === this.#total;
    return {
      type: "publish",
      topic,
      ...(id === undefined ? {} : { id }),
      isRetained: (first & 1) === 1,
      userProperties,
      payload: isWhole ? body.rest() : undefined,
      bytes,
    };
  }
}
