import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type ReadKind, SourceStopped } from "../../../src/definitions/sources/kind.ts";
import { mqtt } from "../../../src/sources/mqtt/index.ts";
import { Follower } from "../kind-contract.ts";

const settings = { connection: "MQTT_URL", topics: ["a/#"], id: "data.id" };
const CONNACK = [0x20, 3, 0, 0, 0];
const SUBACK = [0x90, 4, 0, 1, 0, 1];

/** The broker's end of the connection. */
let end: WebSocket;

/** A broker that answers what the test says, in turn, to whatever it gets: mosquitto cannot be made to refuse so. */
function broker(...answers: (readonly number[])[]): void {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    const { 0: client, 1: server } = new WebSocketPair();
    const left = [...answers];
    server.accept();
    end = server;
    server.addEventListener("message", () => {
      const next = left.shift();
      if (next) server.send(Uint8Array.from(next));
    });
    return new Response(null, { status: 101, webSocket: client });
  });
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
}

const connect = (more: object = {}) =>
  new Follower(mqtt.kind as ReadKind, { settings: { ...settings, ...more }, variables: { MQTT_URL: "wss://broker.example" } }).connect();

describe("a source that follows an MQTT broker", () => {
  it.for([
    ["a client id", [0x20, 3, 0, 0x85, 0], /refuses the client id headspring_contract_followed: set another in `clientId`/],
    ["MQTT 5, in the words of 3.1.1", [0x20, 2, 0, 1], /does not know version 5: set `version` to "3.1.1"/],
    ["MQTT 5", [0x20, 3, 0, 0x84, 0], /does not know version 5: set `version` to "3.1.1"/],
    ["QoS 1", [0x20, 5, 0, 0, 2, 0x24, 0], /QoS 0 only/],
  ] as const)("stops when the broker refuses %s", async ([, answer, message]) => {
    broker(answer);
    const attempt = connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(message);
  });

  it.for([
    ["is busy", [0x20, 3, 0, 0x89, 0], /refuses the connection: it is busy/],
    ["wants credentials", [0x20, 3, 0, 0x87, 0], /asks for credentials: name their secret in `credentials`/],
    ["sends what is not MQTT", [0xf0, 0], /what arrives from the MQTT broker is not MQTT/],
  ] as const)("tries again when the broker %s", async ([, answer, message]) => {
    broker(answer);
    const error = await connect().catch((error: unknown) => error);
    expect(error).not.toBeInstanceOf(SourceStopped);
    expect((error as Error).message).toMatch(message);
  });

  it.for([
    [0x87, /refuses the subscription to a\/#: the user is not allowed to/],
    [0, /gives a\/# with QoS 0 only/],
  ] as const)("stops when the broker answers a subscription with %i", async ([code, message]) => {
    broker(CONNACK, [0x90, 4, 0, 1, 0, code]);
    const attempt = connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(message);
  });

  it("reports the size of a message that is too large, and reads those after it", async () => {
    const large = new Uint8Array(3_000_000);
    const head = [0, 3, 0x61, 0x2f, 0x62, 0, 7, 0];
    const length = large.length + head.length;
    const publish = [0x32, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, ((length >> 14) & 0x7f) | 0x80, length >> 21, ...head];
    broker(CONNACK, SUBACK);
    const connection = await connect({ id: "topic" });
    await connection.read(10);
    for (const bytes of [
      Uint8Array.from(publish),
      large.subarray(0, 1_000_000),
      large.subarray(1_000_000),
      Uint8Array.of(0x30, 5, 0, 1, 0x61, 0, 0x31),
    ])
      end.send(bytes);
    const values = [];
    while (values.length < 2) values.push(...(await connection.read(10)).changes.map(({ value }) => value));
    expect(values).toEqual([
      { topic: "a/b", retain: false, properties: {}, bytes: 3_000_000 },
      { topic: "a", retain: false, properties: {}, data: 1 },
    ]);
  });

  it("stops when the broker reports another client with its client id, after reading what it has", async () => {
    broker(CONNACK, [...SUBACK, 0x30, 6, 0, 1, 0x61, 0, 0x7b, 0x7d, 0xe0, 1, 0x8e]);
    const connection = await connect();
    const { changes } = await connection.read(10);
    expect(changes.length).toBe(1);
    const next = connection.read(10);
    await expect(next).rejects.toBeInstanceOf(SourceStopped);
    await expect(next).rejects.toThrow(/give each its own `clientId`/);
  });
});
