import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { errors, type NatsConnection } from "@nats-io/nats-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type SourceContext, SourceStopped } from "../../../src/definitions/sources/kind.ts";
import { readyConsumer } from "../../../src/sources/nats/consumer.ts";
import { connectTo, disconnect, flush, JetStream } from "../../../src/sources/nats/server.ts";

const never = () => new Promise<never>(() => {});

afterEach(() => void vi.useRealTimers());

describe("a connection to NATS whose other side is gone without a word", () => {
  beforeEach(() => void vi.useFakeTimers());

  it("is left after two seconds", async () => {
    const end = disconnect({ close: never } as unknown as NatsConnection);
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(end).resolves.toBeUndefined();
  });

  it("is left when its end fails", async () => {
    const close = () => Promise.reject(new errors.ClosedConnectionError());
    await expect(disconnect({ close } as unknown as NatsConnection)).resolves.toBeUndefined();
  });

  it("fails what waits for it after five seconds", async () => {
    const failed = expect(flush({ flush: never } as unknown as NatsConnection)).rejects.toThrow("does not answer within 5 s");
    await vi.advanceTimersByTimeAsync(5_000);
    await failed;
  });
});

describe("what listens at the address of a NATS server", () => {
  let server: Server;
  const sockets = new Set<Duplex>();
  /** What it sends to a client that has opened a WebSocket. */
  let greeting: string | undefined;
  /** What it does when the client has said something. */
  let answer: (socket: Duplex) => void;

  beforeEach(async () => {
    greeting = undefined;
    answer = (socket) => socket.end();
    server = createServer();
    server.on("upgrade", ({ headers }, socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("data", () => answer(socket));
      const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      // One frame of bytes, of less than 126.
      if (greeting !== undefined) socket.write(Buffer.concat([Buffer.of(0x82, greeting.length), Buffer.from(greeting)]));
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server.close(resolve));
  });

  function connect(): Promise<NatsConnection> {
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/wrong-secret`;
    const context: SourceContext = { store: "tests", source: "followed", cursor: undefined, binding: () => url };
    return connectTo({ connection: "NATS_URL", jetstream: "S" }, context);
  }

  const BEGINNING = "no connection to the NATS server whose address is in NATS_URL: ";

  it("may be another kind of server", async () => {
    greeting = "hello, this is something else (wrong-secret)\r\n";
    const failed = connect();
    await expect(failed).rejects.toThrow(`${BEGINNING}nothing answers there as a NATS server over a WebSocket`);
    await expect(failed).rejects.not.toThrow("wrong-secret");
  });

  it("may say nothing at all", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const failed = expect(connect()).rejects.toThrow(`${BEGINNING}no answer within 10 s`);
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
  });

  it("may be frozen after it has begun to answer, and then the connection is given up all the same", async () => {
    greeting = 'INFO {"version":"2.10.0","proto":1,"headers":true}\r\n';
    const hasHeard = new Promise<void>((resolve) => (answer = () => resolve()));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const failed = expect(connect()).rejects.toThrow(`${BEGINNING}no answer within 10 s`);
    await hasHeard;
    await vi.advanceTimersByTimeAsync(12_000);
    await failed;
  });

  it("may be broken in a way that has no words here, and then is not quoted", async () => {
    greeting = 'INFO {"wrong-secret\r\n';
    const failed = connect();
    await expect(failed).rejects.toThrow(`${BEGINNING}the connection failed (SyntaxError)`);
    await expect(failed).rejects.not.toThrow("wrong-secret");
  });
});

describe("a request to JetStream", () => {
  const settings = { connection: "NATS_URL", jetstream: "S" };
  const over = (request: () => Promise<unknown>) => new JetStream({ request } as unknown as NatsConnection, settings, "d");
  const answered = (error: object) => over(async () => ({ string: () => JSON.stringify({ error }) }));

  it.for([
    [new errors.TimeoutError(), "JetStream did not answer $JS.API.STREAM.INFO.S within 5 s"],
    [new errors.NoRespondersError("x"), "the NATS server has no JetStream at $JS.API.STREAM.INFO.S for this user"],
    [new errors.RequestError("x", { cause: new errors.NoRespondersError("x") }), "has no JetStream at $JS.API.STREAM.INFO.S"],
    [new errors.ClosedConnectionError(), "the connection to the NATS server broke (ClosedConnectionError)"],
    ["something else", "the connection to the NATS server broke (unknown error)"],
  ] as const)("fails in words of its own: %s", async ([error, message]) => {
    const api = over(() => Promise.reject(error));
    await expect(api.streamInfo()).rejects.toThrow(message);
  });

  it.for([
    ["a stream", (api: JetStream) => api.streamInfo()],
    ["a consumer", (api: JetStream) => api.consumerInfo()],
    ["the end of a consumer", (api: JetStream) => api.deleteConsumer()],
  ] as const)("about %s keeps JetStream's reason, and whether that may pass", async ([, ask]) => {
    await expect(
      ask(answered({ code: 503, err_code: 10_008, description: "JetStream system temporarily unavailable" })),
    ).rejects.toMatchObject({
      message: "JetStream system temporarily unavailable",
      isPassing: true,
    });
    await expect(ask(answered({ code: 400 }))).rejects.toMatchObject({ message: "no reason given", number: 400, isPassing: false });
  });

  it.for([10_014, 10_059])("for the end of a consumer has nothing to do when it or its stream is gone (%s)", async (err_code) => {
    const api = answered({ code: 404, err_code, description: "not found" });
    await expect(api.deleteConsumer()).resolves.toBeUndefined();
    await expect(api.consumerInfo()).resolves.toBeUndefined();
  });

  it("stops no source with what may pass", async () => {
    const stream = { created: "", config: { retention: "limits" }, state: { first_seq: 0, last_seq: 0 } } as const;
    const context: SourceContext = { store: "tests", source: "followed", cursor: undefined, binding: () => "" };
    const ready = (error: object) => readyConsumer(answered(error), settings, context, stream, undefined);
    await expect(ready({ code: 503, description: "no leader" })).rejects.toSatisfy((error) => !(error instanceof SourceStopped));
    await expect(ready({ code: 400, description: "no such thing" })).rejects.toBeInstanceOf(SourceStopped);
  });
});
