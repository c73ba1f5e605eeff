import { AckPolicy, type ConsumerConfig, jetstream, RetentionPolicy } from "@nats-io/jetstream";
import { headers } from "@nats-io/nats-core";
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { type Change, type ReadKind, SourceStopped } from "../../../src/definitions/sources/kind.ts";
import { nats } from "../../../src/sources/nats/index.ts";
import { Follower } from "../kind-contract.ts";
import { freshStream, outsideOf, publish, withAdmin, server } from "./broker.ts";

const kind = nats.kind as ReadKind;
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => String(from + at));
const read = (changes: readonly Change[]) => changes.map(({ value }) => String(value.data as number));

function follow(stream: string, more: object = {}, source = "followed", variables: object = {}): Follower {
  const outside = outsideOf(stream, more);
  const follower = new Follower(kind, { ...outside, variables: { ...outside.variables, ...variables } }, { store: "tests", source });
  onTestFinished(() => follower.disconnect());
  return follower;
}

/** Reads, and dies: nothing is stored, acknowledged or closed. */
async function readAndDie(follower: Follower, limit: number): Promise<readonly Change[]> {
  const connection = await follower.connect();
  const { changes } = await connection.read(limit);
  await server.act("break");
  return changes;
}

/** The variables of somebody who may do less. */
const as = (user: string) => ({ NATS_CREDENTIALS: JSON.stringify({ user, password: `${user}-password` }) });

const consumerOf = (stream: string) => withAdmin((manager) => manager.consumers.info(stream, `d_${stream}`));

const left = (stream: string) => withAdmin(async (manager) => (await manager.streams.info(stream)).state.messages);

describe.skipIf(!inject("servers").nats)("a source that follows NATS JetStream", () => {
  it.for([RetentionPolicy.Limits, RetentionPolicy.Interest, RetentionPolicy.Workqueue])(
    "reads messages that a dead connection had received before any newer ones, from a stream of %s",
    async (retention) => {
      const stream = await freshStream({ retention });
      const follower = follow(stream);
      await follower.drain();
      await publish(stream, numbers(0, 10));
      await follower.step(3);
      const given = await readAndDie(follower, 4);
      expect(read(given)).toEqual(numbers(3, 7));
      await publish(stream, numbers(10, 15));
      await follower.disconnect();
      const connection = await follower.connect();
      const again = (await connection.read(100)).changes;
      await connection.close();
      expect(read(again)).toEqual(numbers(3, 15));
      expect(again.slice(0, 4)).toEqual(given);
      await follower.drain();
      expect(read(follower.stored)).toEqual(numbers(0, 15));
    },
  );

  it.for([RetentionPolicy.Interest, RetentionPolicy.Workqueue])(
    "lets a stream of %s drop what the store has, and only that",
    async (retention) => {
      const stream = await freshStream({ retention });
      const follower = follow(stream);
      await follower.drain();
      await publish(stream, numbers(0, 6));
      await follower.step(4);
      await expect.poll(() => left(stream)).toBe(2);
      await follower.drain();
      await expect.poll(() => left(stream)).toBe(0);
    },
  );

  it("goes on after the server was killed", async () => {
    const stream = await freshStream();
    const follower = follow(stream);
    await publish(stream, numbers(0, 10));
    await follower.step(4);
    await server.act("restart");
    await follower.untilWorks(() => follower.drain());
    expect(read(follower.stored)).toEqual(numbers(0, 10));
  });

  it("counts what the stream dropped before it was read, and reads the rest", async () => {
    const stream = await freshStream({ max_msgs: 5 });
    await publish(stream, numbers(0, 7));
    const follower = follow(stream);
    // What was gone when the source began is not its loss.
    const first = await follower.connect();
    expect((await first.read(1)).warning).toBeUndefined();
    await first.close();
    await follower.drain();
    await follower.disconnect();
    await publish(stream, numbers(7, 20));
    const connection = await follower.connect();
    const portion = await connection.read(2);
    expect(portion.warning).toContain("8 messages left the stream");
    await connection.close();
    await follower.drain();
    expect(read(follower.stored)).toEqual([...numbers(2, 7), ...numbers(15, 20)]);
    expect(follower.cursor).toMatchObject({ missed: 8 });
  });

  it("counts what was purged after the last message that it has read", async () => {
    const stream = await freshStream();
    const follower = follow(stream);
    await publish(stream, numbers(0, 2));
    await follower.drain();
    await follower.disconnect();
    await publish(stream, numbers(2, 5));
    await withAdmin((manager) => manager.streams.purge(stream));
    await follower.drain();
    expect(follower.cursor).toMatchObject({ missed: 3 });
    await follower.disconnect();
    await follower.drain();
    expect(follower.cursor).toMatchObject({ missed: 3 });
  });

  it("counts what was deleted between two messages", async () => {
    const stream = await freshStream();
    const follower = follow(stream);
    await follower.drain();
    await publish(stream, numbers(0, 5));
    await withAdmin((manager) => manager.streams.deleteMessage(stream, 3));
    await follower.drain();
    expect(read(follower.stored)).toEqual(["0", "1", "3", "4"]);
    expect(follower.cursor).toMatchObject({ missed: 1 });
  });

  it("waits, at a consumer that it may not change, until messages that a dead connection had received arrive again", async () => {
    const stream = await freshStream();
    await withAdmin((manager) =>
      manager.consumers.add(stream, { durable_name: `d_${stream}`, ack_policy: AckPolicy.Explicit, ack_wait: 1_500_000_000 }),
    );
    const follower = follow(stream);
    await publish(stream, numbers(0, 4));
    expect(read(await readAndDie(follower, 2))).toEqual(["0", "1"]);
    await publish(stream, numbers(4, 6));
    await follower.untilWorks(() => follower.drain());
    expect(read(follower.stored)).toEqual(numbers(0, 6));
  });

  it("stops where there is no such stream, and at a consumer of another source", async () => {
    await expect(follow("NOTHING").connect()).rejects.toThrow(/no JetStream stream NOTHING: create it/);
    const stream = await freshStream();
    await follow(stream).drain();
    const other = follow(stream, {}, "other").connect();
    await expect(other).rejects.toBeInstanceOf(SourceStopped);
    await expect(other).rejects.toThrow(/belongs to another source tests\/followed: name one of its own in `durable`/);
  });

  it("notices another reader of its consumer, and loses nothing to it if the stream keeps its messages", async () => {
    const stream = await freshStream();
    const follower = follow(stream);
    await publish(stream, numbers(0, 4));
    await follower.step(2);
    await withAdmin(async (_manager, connection) => {
      const consumer = await jetstream(connection).consumers.get(stream, `d_${stream}`);
      const message = await consumer.next({ expires: 2_000 });
      await message?.ackAck();
    });
    await publish(stream, numbers(4, 6));
    const attempt = follower.drain(1);
    await expect(attempt).rejects.toThrow(/another client reads from the consumer/);
    await follower.disconnect();
    await follower.untilWorks(() => follower.drain());
    expect(read(follower.stored).toSorted()).toEqual(numbers(0, 6));
  });

  it("names the command to run if it may not create its consumer, and then uses that consumer", async () => {
    const stream = await freshStream();
    const follower = follow(stream, { subjects: [`${stream}.a.*`] }, "followed", as("reader"));
    const attempt = follower.connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(`nats consumer add ${stream} d_${stream} --pull --ack explicit`);
    await expect(attempt).rejects.toThrow(`--filter '${stream}.a.*'`);
    await withAdmin((manager) =>
      manager.consumers.add(stream, {
        durable_name: `d_${stream}`,
        ack_policy: AckPolicy.Explicit,
        filter_subject: `${stream}.a.*`,
        max_deliver: 2,
      }),
    );
    await expect(follower.connect()).rejects.toThrow(/gives a message up after some attempts/);
    await withAdmin((manager) => manager.consumers.update(stream, `d_${stream}`, { max_deliver: -1 }));
    await publish(stream, ["1"], "a.x");
    await publish(stream, ["2"], "b.x");
    await publish(stream, ["3"], "a.y");
    await follower.drain();
    expect(read(follower.stored)).toEqual(["1", "3"]);
  });

  it("names what its user has no permission for", async () => {
    const stream = await freshStream();
    const attempt = follow(stream, {}, "followed", as("nobody")).connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(`$JS.API.STREAM.INFO.${stream}`);
  });

  it.for([
    ["receive messages", "deaf", (): string => "the NATS user may not subscribe to _INBOX.>: allow it, or set `inbox`"],
    ["ask for messages", "mute", (stream: string): string => `the NATS user may not use $JS.API.CONSUMER.MSG.NEXT.${stream}.d_${stream}`],
  ] as const)("stops when its user may do everything but %s", async ([, user, message]) => {
    const stream = await freshStream();
    await publish(stream, ["1"]);
    const connection = await follow(stream, {}, "followed", as(user)).connect();
    onTestFinished(() => connection.close());
    const attempt = connection.read(100);
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(message(stream));
  });

  it("looks for JetStream in the domain of its definition, and names where it is not", async () => {
    const stream = await freshStream();
    const attempt = follow(stream, { domain: "elsewhere" }).connect();
    await expect(attempt).rejects.toThrow(`the NATS server has no JetStream at $JS.elsewhere.API.STREAM.INFO.${stream} for this user`);
    // A leaf node's domain may appear later.
    await expect(attempt).rejects.not.toBeInstanceOf(SourceStopped);
  });

  it.for<readonly [string, Partial<ConsumerConfig>]>([
    ["pushes its messages, and a source pulls", { ack_policy: AckPolicy.Explicit, deliver_subject: "somewhere" }],
    ["does not ask for explicit acknowledgements", { ack_policy: AckPolicy.All }],
    ["gives headers only", { ack_policy: AckPolicy.Explicit, headers_only: true }],
    ["has a backoff of its own", { ack_policy: AckPolicy.Explicit, backoff: [1_000_000_000], max_deliver: 3 }],
    ["has another filter of subjects", { ack_policy: AckPolicy.Explicit, filter_subject: "$.other" }],
  ])("stops at a consumer of somebody else that %s", async ([message, config]) => {
    const stream = await freshStream();
    const { filter_subject } = config;
    await withAdmin((manager) =>
      manager.consumers.add(stream, {
        durable_name: `d_${stream}`,
        ...config,
        ...(filter_subject === undefined ? {} : { filter_subject: filter_subject.replace("$", stream) }),
      }),
    );
    const attempt = follow(stream).connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(`the consumer d_${stream} of stream ${stream} ${message}`);
    await expect(attempt).rejects.toThrow("change it, or delete it and resume");
  });

  it("stops with JetStream's reason where that refuses the consumer", async () => {
    const stream = await freshStream({ max_consumers: 1 });
    await follow(stream).drain();
    const attempt = follow(stream, { durable: "second" }, "second").connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(`JetStream refuses the consumer second of stream ${stream}: maximum consumers limit reached`);
  });

  it.for([RetentionPolicy.Limits, RetentionPolicy.Workqueue])(
    "puts its own consumer of a stream of %s right after somebody has changed it, and loses nothing",
    async (retention) => {
      const stream = await freshStream({ retention });
      const follower = follow(stream);
      await publish(stream, numbers(0, 2));
      await follower.drain();
      await follower.disconnect();
      await publish(stream, numbers(2, 4));
      for (const change of [
        { ack_wait: 1_000_000_000, max_ack_pending: 1 },
        { headers_only: true, max_deliver: 3, backoff: [1_000_000_000] },
      ]) {
        await withAdmin((manager) => manager.consumers.update(stream, `d_${stream}`, change));
        const connection = await follower.connect();
        await connection.close();
        const { config } = await consumerOf(stream);
        expect(config).toMatchObject({ ack_wait: 60_000_000_000, max_ack_pending: 1_000, max_deliver: -1 });
        expect(config.headers_only ?? false).toBe(false);
      }
      await follower.drain();
      expect(read(follower.stored)).toEqual(numbers(0, 4));
    },
  );

  it("does not follow another stream from where it was in this one", async () => {
    const [stream, other] = [await freshStream(), await freshStream()];
    const follower = follow(stream);
    await publish(stream, numbers(0, 2));
    await follower.drain();
    const moved = follow(other);
    moved.cursor = follower.cursor;
    const attempt = moved.connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(`has followed the stream ${stream}: reset it, and it follows ${other} from its start`);
  });

  it("does not follow a new stream of the same name from where it was in the deleted one", async () => {
    const stream = await freshStream();
    const follower = follow(stream);
    await publish(stream, numbers(0, 2));
    await follower.drain();
    await follower.disconnect();
    await withAdmin(async (manager) => {
      await manager.streams.delete(stream);
      await manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
    });
    const attempt = follower.connect();
    await expect(attempt).rejects.toBeInstanceOf(SourceStopped);
    await expect(attempt).rejects.toThrow(`the stream ${stream} was deleted and made again at`);
  });

  it("is forgotten without a trouble when its stream is gone", async () => {
    const stream = await freshStream();
    const follower = follow(stream);
    await follower.drain();
    await withAdmin((manager) => manager.streams.delete(stream));
    await follower.forget("remove");
    expect(follower.cursor).toBeUndefined();
  });

  it.for([
    [true, 9_000],
    [false, 2_000],
  ] as const)("fails when its consumer is deleted, and goes on with a new one, if `stay` is %s", async ([stay, patienceMs]) => {
    const stream = await freshStream();
    const follower = follow(stream, { stay });
    await publish(stream, ["1"]);
    await follower.step(1);
    await withAdmin((manager) => manager.consumers.delete(stream, `d_${stream}`));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    onTestFinished(() => void vi.useRealTimers());
    // Nothing answers its pull.
    const attempt = expect(follower.step(1)).rejects.toThrow(`the NATS server has no consumer d_${stream} any more`);
    await vi.advanceTimersByTimeAsync(patienceMs);
    await attempt;
    vi.useRealTimers();
    await follower.disconnect();
    await publish(stream, ["2"]);
    await follower.step();
    expect(read(follower.stored)).toEqual(["1", "2"]);
  });

  it("fails when its consumer is deleted while it waits for messages", async () => {
    const stream = await freshStream();
    const connection = await follow(stream, { stay: true }).connect();
    onTestFinished(() => connection.close());
    const attempt = expect(connection.read(100)).rejects.toThrow(`the consumer d_${stream} was deleted`);
    await expect.poll(async () => (await consumerOf(stream)).num_waiting).toBe(1);
    await withAdmin((manager) => manager.consumers.delete(stream, `d_${stream}`));
    await attempt;
  });

  it("fails when its connection breaks while it waits for messages", async () => {
    const stream = await freshStream();
    const connection = await follow(stream, { stay: true }).connect();
    onTestFinished(() => connection.close());
    const attempt = expect(connection.read(100)).rejects.toThrow("the connection to the NATS server broke");
    await expect.poll(async () => (await consumerOf(stream)).num_waiting).toBe(1);
    await server.act("break");
    await attempt;
  });

  it("says so when messages of a dead connection do not arrive again for some time", async () => {
    const stream = await freshStream();
    await withAdmin((manager) =>
      manager.consumers.add(stream, { durable_name: `d_${stream}`, ack_policy: AckPolicy.Explicit, ack_wait: 60_000_000_000 }),
    );
    const follower = follow(stream);
    await publish(stream, numbers(0, 4));
    expect(read(await readAndDie(follower, 2))).toEqual(["0", "1"]);
    const pause = vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
    onTestFinished(() => pause.mockRestore());
    await expect(follower.step()).rejects.toThrow(
      /have not come back yet: .* gives them again within 60 s, or another client reads from it/,
    );
    expect(follower.stored).toEqual([]);
  });

  it.for([
    ["another password", { NATS_CREDENTIALS: '{"user":"tests","password":"wrong-secret"}' }, /the credentials in NATS_CREDENTIALS/],
    ["half of the credentials", { NATS_CREDENTIALS: '{"user":"wrong-secret"}' }, /must be JSON with a user and a password/],
    ["a token that nobody knows", { NATS_CREDENTIALS: "wrong-secret" }, /the credentials in NATS_CREDENTIALS/],
    [
      "a broken creds file",
      { NATS_CREDENTIALS: "-----BEGIN NATS USER JWT-----\nwrong-secret\n------END NATS USER JWT------" },
      /NATS_CREDENTIALS is no whole .creds file/,
    ],
    ["no server", { NATS_URL: "ws://127.0.0.1:1/wrong-secret" }, /nothing answers there/],
    ["no WebSocket", { NATS_URL: "nats://wrong-secret:4222" }, /must be the address of a WebSocket/],
    ["a password in the address", { NATS_URL: "wss://tests:wrong-secret@localhost" }, /has a user or password in its address/],
  ] as const)("fails with a message that has no secret, given %s", async ([, variables, message]) => {
    const error = await follow("S", {}, "followed", variables)
      .connect()
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(Error);
    const { message: text, stack, cause } = error as Error;
    expect(text).toMatch(message);
    expect([text, stack, String(cause)].join("\n")).not.toContain("wrong-secret");
  });

  it.for([
    ["with", { NATS_CREDENTIALS: "wrong-secret" }, {}, "look at the credentials in NATS_CREDENTIALS"],
    ["without", {}, { credentials: undefined }, "look at `credentials`, which are missing"],
  ] as const)("names what to look at if the server ends the connection of a client %s credentials", async ([, variables, more, advice]) => {
    await server.act("refuse", true);
    onTestFinished(() => server.act("refuse", false));
    const attempt = follow("S", more, "followed", variables).connect();
    await expect(attempt).rejects.toThrow("it ended the connection at once, as it does with a client that it refuses");
    await expect(attempt).rejects.toThrow(advice);
  });

  it("reads payloads of every kind, and headers", async () => {
    const stream = await freshStream();
    const deep = `${"[".repeat(100)}${"]".repeat(100)}`;
    const large = "x".repeat(1_000_000);
    await publish(stream, ['{"a":1,"__proto__":{"b":2}}', "null", "", "1e999", deep, "not JSON", Uint8Array.of(0xff, 0xfe, 0), large]);
    await withAdmin(async (_manager, connection) => {
      const all = headers();
      for (const [name, value] of [
        ["X-Kind", "a"],
        ["X-Kind", "b"],
        ["__proto__", "c"],
      ] as const)
        all.append(name, value);
      await jetstream(connection).publish(`${stream}.words`, "1", { headers: all });
    });
    const follower = follow(stream);
    await follower.drain();
    const values = follower.stored.map(({ value }) => value);
    const payloads = values.map(({ data, text, base64 }) => ({ data, text, base64 }));
    expect(JSON.stringify(payloads[0])).toBe('{"data":{"a":1,"__proto__":{"b":2}}}');
    expect(payloads.slice(1, 8)).toEqual([
      { data: null },
      { text: "" },
      { text: "1e999" },
      { text: deep },
      { text: "not JSON" },
      { base64: "//4A" },
      { text: large },
    ]);
    expect(JSON.stringify(values[8]?.headers)).toBe('{"X-Kind":"a, b","__proto__":"c"}');
    expect(values[8]).toMatchObject({ subject: `${stream}.words`, sequence: 9 });
    expect(values[8]?.time).toBe(follower.stored[8]?.time);
  });

  it("begins where its definition asks for", async () => {
    const stream = await freshStream();
    await publish(stream, numbers(0, 3));
    const between = new Date().toISOString();
    await publish(stream, numbers(3, 5));
    const from = async (name: string, start: unknown) => {
      const follower = follow(stream, { durable: name, start }, name);
      await follower.drain();
      await publish(stream, ["9"]);
      await follower.drain();
      await follower.forget("remove");
      return read(follower.stored);
    };
    expect(await from("now", "now")).toEqual(["9"]);
    expect(await from("sequence", { sequence: 3 })).toEqual(["2", "3", "4", "9", "9"]);
    expect(await from("time", { time: between })).toEqual(["3", "4", "9", "9", "9"]);
    const queue = await freshStream({ retention: RetentionPolicy.Workqueue });
    await expect(follow(queue, { start: "now" }).connect()).rejects.toThrow(/work queue, of which a reader gets everything/);
  });

  it("reads the subjects in its definition, also after these change", async () => {
    const stream = await freshStream();
    const follower = follow(stream, { subjects: [`${stream}.a`] });
    await publish(stream, ["1"], "a");
    await publish(stream, ["2"], "b");
    await publish(stream, ["3"], "a");
    await follower.drain();
    await follower.disconnect();
    await publish(stream, ["4"], "b");
    const wider = follow(stream, { subjects: [`${stream}.*`] });
    wider.cursor = follower.cursor;
    await wider.drain();
    expect([read(follower.stored), read(wider.stored)]).toEqual([["1", "3"], ["4"]]);
    expect(wider.cursor).toMatchObject({ missed: 0 });
  });

  it("stops at several filters if the server knows only one", async ({ skip }) => {
    const stream = await freshStream();
    const { version } = await withAdmin(async (_manager, connection) => connection.info!);
    if (!version.startsWith("2.9.")) return skip();
    const both = (name: string) => ({ subjects: [`${name}.a`, `${name}.b`] });
    await expect(follow(stream, both(stream)).connect()).rejects.toThrow(/several `subjects` need NATS 2.10/);
    // A consumer of a work queue is changed, not made again: it must not give everything then.
    const queue = await freshStream({ retention: RetentionPolicy.Workqueue });
    await follow(queue, { subjects: [`${queue}.a`] }).drain();
    await expect(follow(queue, both(queue)).connect()).rejects.toThrow(/several `subjects` need NATS 2.10/);
  });

  it("stays connected if its definition asks for that, and gets a message as soon as it is published", async () => {
    const stream = await freshStream();
    const connection = await follow(stream, { stay: true }).connect();
    onTestFinished(() => connection.close());
    const first = connection.read(100);
    await publish(stream, ["1"]);
    const portion = await first;
    expect(read(portion.changes)).toEqual(["1"]);
    expect(portion.hasMore).toBe(true);
    const second = connection.read(100);
    await publish(stream, ["2"]);
    expect(read((await second).changes)).toEqual(["2"]);
    await connection.acknowledge(portion);
  });

  it("reads messages of more bytes than a pull may bring, and one that alone is larger than that", async () => {
    const stream = await freshStream();
    const sizes = [5_000_000, 5_000_000, 1, 9_000_000, 1];
    await publish(
      stream,
      sizes.map((size) => JSON.stringify("x".repeat(size))),
    );
    const follower = follow(stream);
    await follower.drain();
    expect(follower.stored.map(({ value }) => (value.data as string).length)).toEqual(sizes);
  });

  it("reads at once what arrived while it was storing, if it stays connected", async () => {
    const stream = await freshStream();
    const connection = await follow(stream, { stay: true }).connect();
    onTestFinished(() => connection.close());
    await publish(stream, ["1"]);
    const portion = await connection.read(100);
    await publish(stream, ["2", "3"]);
    await expect.poll(async () => (await consumerOf(stream)).num_ack_pending).toBe(3);
    // What the server has sent before its answer to this has arrived.
    await connection.acknowledge(portion);
    expect(read((await connection.read(100)).changes)).toEqual(["2", "3"]);
  });

  it("stays connected while nothing is published for longer than a pull waits", async () => {
    const stream = await freshStream();
    const follower = follow(stream, { stay: true });
    await publish(stream, ["1"]);
    await follower.step();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const idle = follower.step();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(await idle).toEqual({ isAtEnd: false });
    vi.useRealTimers();
    await publish(stream, ["2"]);
    await follower.step();
    expect(read(follower.stored)).toEqual(["1", "2"]);
  });
});
