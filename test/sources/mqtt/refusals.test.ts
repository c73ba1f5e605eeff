import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type ReadKind, SourceStopped } from "../../../src/definitions/sources/kind.ts";
import { mqtt } from "../../../src/sources/mqtt/index.ts";
import { Follower } from "../kind-contract.ts";

const settings = { connection: "MQTT_URL", topics: ["a/#"], id: "data.id" };
const CONNACK = [0x20, 3, 0, 0, 0];
const SUBACK = [0x90, 4, 0, 1, 0, 1];

/** The broker's end of the connection. */
let end: WebSocket;
/** The source's own end. */
let own: WebSocket;
/** What the broker got, packet by packet. */
let got: number[][];

/** A broker that answers what the test says, in turn, to whatever it gets: mosquitto cannot be made to refuse so. */
function broker(...answers: (readonly number[])[]): void {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    const { 0: client, 1: server } = new WebSocketPair();
    const left = [...answers];
    server.accept();
    // Each connection has its own: an earlier one may still say goodbye.
    const packets: number[][] = [];
    [end, own, got] = [server, client, packets];
    server.binaryType = "arraybuffer";
    server.addEventListener("message", ({ data }) => {
      packets.push([...new Uint8Array(data as ArrayBuffer)]);
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
    ["a client id, in the words of 3.1.1", [0x20, 2, 0, 2], /refuses the client id/],
    ["QoS 1", [0x20, 5, 0, 0, 2, 0x24, 0], /QoS 0 only/],
  ] as const)("stops when the broker refuses %s", async ([, answer, message]) => {
    broker(answer);
    const attempt = connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(message);
  });

  it.for([
    ["is busy", [0x20, 3, 0, 0x89, 0], /refuses the connection: it is busy/],
    ["is not available, in the words of 3.1.1", [0x20, 2, 0, 3], /the MQTT broker whose address is in MQTT_URL is not available/],
    ["refuses for a reason of its own", [0x20, 3, 0, 0xf0, 0], /refuses the connection: reason 240/],
    ["wants credentials, in the words of 3.1.1", [0x20, 2, 0, 5], /asks for credentials: name their secret in `credentials`/],
    ["sends a number without an end", [0x20, 6, 0, 0, 0xff, 0xff, 0xff, 0xff], /what arrives from the MQTT broker is not MQTT/],
    ["sends a property that MQTT does not have", [0x20, 5, 0, 0, 2, 0x7f, 0], /what arrives from the MQTT broker is not MQTT/],
    ["wants credentials", [0x20, 3, 0, 0x87, 0], /asks for credentials: name their secret in `credentials`/],
    ["sends what is not MQTT", [0xf0, 0], /what arrives from the MQTT broker is not MQTT/],
  ] as const)("tries again when the broker %s", async ([, answer, message]) => {
    broker(answer);
    const error = await connect().catch((error: unknown) => error);
    expect(error).not.toBeInstanceOf(SourceStopped);
    expect((error as Error).message).toMatch(message);
  });

  it.for([
    ["nothing", "  "],
    ["a binding", { fetch: () => {} }],
  ] as const)("stops when the variable with the address has %s in it", async ([, value]) => {
    const attempt = new Follower(mqtt.kind as ReadKind, { settings, variables: { MQTT_URL: value } }).connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(/^MQTT_URL must be a variable or secret with text in it$/);
  });

  it("cannot log in with a password that is longer than MQTT's strings, and does not show it", async () => {
    broker(CONNACK, SUBACK);
    const login = (password: string) =>
      new Follower(mqtt.kind as ReadKind, {
        settings: { ...settings, credentials: "MQTT_USER" },
        variables: { MQTT_URL: "wss://broker.example", MQTT_USER: JSON.stringify({ user: "a", password }) },
      }).connect();
    await expect(login("é".repeat(32_768))).rejects.toThrow(/^MQTT's strings have at most 65,535 bytes$/);
    const connection = await login("x".repeat(65_535));
    await connection.close();
  });

  it.for([
    ["to the connection", [], /the MQTT broker whose address is in MQTT_URL does not answer within 10 s/],
    ["to the subscription", [CONNACK], /the MQTT broker does not answer within 10 s/],
  ] as const)("tries again when the broker does not answer %s", async ([, answers, message]) => {
    broker(...answers);
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    got = [];
    const attempt = connect().catch((error: unknown) => error);
    await vi.waitFor(() => expect(got).toHaveLength(answers.length + 1));
    await vi.advanceTimersByTimeAsync(10_000);
    const error = await attempt;
    expect(error).not.toBeInstanceOf(SourceStopped);
    expect((error as Error).message).toMatch(message);
  });

  it("tries again when nothing answers the request for a WebSocket", async () => {
    vi.spyOn(globalThis, "fetch").mockReturnValue(new Promise(() => {}));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void [vi.restoreAllMocks(), vi.useRealTimers()]);
    const attempt = connect().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await attempt).toMatchObject({ message: "the MQTT broker whose address is in MQTT_URL does not answer within 10 s" });
  });

  it("asks a silent broker for a sign of life, and gives it up without one", async () => {
    // It wants to hear from the source, or be asked, every 10 s.
    broker([0x20, 6, 0, 0, 3, 0x13, 0, 10], SUBACK);
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const connection = await connect();
    await connection.read(10);
    const next = connection.read(10).catch((error: unknown) => error);
    const pings = () => got.filter(([first]) => first === 0xc0).length;
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.waitFor(() => expect(pings()).toBe(1));
    end.send(Uint8Array.of(0xd0, 0, 0x30, 6, 0, 1, 0x61, 0, 0x7b, 0x7d));
    expect(await next).toMatchObject({ changes: [{ value: { topic: "a" } }] });
    const last = connection.read(10).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await last).toMatchObject({ message: "the MQTT broker has gone silent" });
    await vi.waitFor(() => expect(pings()).toBe(3));
    await connection.close();
  });

  it.for([
    ["sends text", () => end.send("{}"), /what arrives from the MQTT broker is not MQTT/],
    ["shuts down", () => end.send(Uint8Array.of(0xe0, 1, 0x8b)), /the MQTT broker ended the connection: it shuts down/],
    ["ends the connection without a reason", () => end.send(Uint8Array.of(0xe0, 0)), /the MQTT broker ended the connection: reason 0/],
    ["hangs up", () => end.close(1000), /the connection to the MQTT broker broke/],
  ] as const)("tries again when the broker %s later on", async ([, act, message]) => {
    broker(CONNACK, SUBACK);
    const connection = await connect();
    await connection.read(10);
    const next = connection.read(10);
    act();
    await expect(next).rejects.not.toBeInstanceOf(SourceStopped);
    await expect(next).rejects.toThrow(message);
    await connection.close();
  });

  it("tries again when the connection cannot be written to any more", async () => {
    broker(CONNACK, [...SUBACK, 0x32, 8, 0, 1, 0x61, 0, 7, 0, 0x7b, 0x7d]);
    const connection = await connect({ id: "topic" });
    const portion = await connection.read(10);
    own.close(1000);
    await connection.acknowledge(portion).catch(() => {});
    await expect(connection.read(10)).rejects.toThrow(/the connection to the MQTT broker broke/);
    await connection.close();
  });

  it("warns when the broker keeps its session for a shorter time than it was asked to", async () => {
    for (const [seconds, warning] of [
      [[0, 0, 0, 90], "the broker keeps the session for only 90 s after a connection"],
      [[0, 0, 0x0e, 0x10], undefined],
    ] as const) {
      broker([0x20, 8, 0, 0, 5, 0x11, ...seconds], SUBACK);
      const connection = await connect();
      expect((await connection.read(10)).warning).toBe(warning);
      await connection.close();
    }
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
