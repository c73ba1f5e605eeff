import { describe, expect, inject, it, onTestFinished } from "vitest";
import { type Change, type ReadKind } from "../../../src/definitions/sources/kind.ts";
import { mqtt } from "../../../src/sources/mqtt/index.ts";
import { Follower } from "../kind-contract.ts";
import { freshOutside, json, publish, server } from "./broker.ts";

const kind = mqtt.kind as ReadKind;
const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `m${from + at}`);
const read = (changes: readonly Change[]) => changes.map(({ value }) => (value.data as { id: string }).id);

/** Follows from now on: what is published later comes. */
async function follow(more: object = {}, variables: object = {}) {
  const outside = freshOutside(more);
  const follower = new Follower(
    kind,
    { ...outside, variables: { ...outside.variables, ...variables } },
    { store: "tests", source: "followed" },
  );
  onTestFinished(async () => {
    await follower.disconnect();
    await follower.untilWorks(() => follower.forget("remove"), 5).catch(() => {});
  });
  await follower.drain();
  const put = (all: readonly string[]) => publish(all.map((id) => json(`${outside.topic}/a`, { id })));
  return { ...outside, follower, put };
}

describe.skipIf(!inject("servers").mqtt)("a source that follows an MQTT broker", () => {
  it.for(["5", "3.1.1"])("gets messages that a dead connection had not acknowledged again, in order, in version %s", async (version) => {
    const { follower, put } = await follow({ version });
    await put(ids(0, 12));
    await follower.step(3);
    await follower.disconnect();
    const connection = await follower.connect();
    const given = (await connection.read(4)).changes;
    await server.act("break");
    await put(ids(12, 15));
    await follower.untilWorks(() => follower.drain());
    expect(given.length).toBeGreaterThan(0);
    expect(read(follower.stored)).toEqual(ids(0, 15));
  });

  it("gets messages that were published while it was away, even from a broker that was restarted", async () => {
    const { follower, put } = await follow();
    await follower.disconnect();
    await put(ids(0, 50));
    await server.act("restart");
    await follower.untilWorks(() => follower.drain(7));
    expect(read(follower.stored)).toEqual(ids(0, 50));
    expect(follower.cursor).not.toHaveProperty("lost");
  });

  it("gets more messages than a broker may send ahead, in order", async () => {
    const { follower, put } = await follow();
    await put(ids(0, 400));
    await follower.drain();
    expect(read(follower.stored)).toEqual(ids(0, 400));
  });

  it("warns when the broker has lost its session", async () => {
    const { follower, put } = await follow();
    await follower.disconnect();
    await server.act("forget");
    const connection = await follower.untilWorks(() => follower.connect());
    const { warning, cursor } = await connection.read(10);
    expect(warning).toMatch(
      /the broker had lost this source's session once, last at .*: what was published while the source was not connected is missing/,
    );
    expect(cursor).toMatchObject({ lost: { times: 1 } });
    await put(ids(0, 2));
    expect(read((await connection.read(10)).changes).length).toBeGreaterThan(0);
    await connection.close();
  });

  it("warns about messages with QoS 0", async () => {
    const { follower, topic } = await follow();
    await follower.disconnect();
    const connection = await follower.connect();
    await publish([json(`${topic}/a`, { id: "1" }, { qos: 0 })]);
    const { warning, changes } = await connection.read(10);
    expect(read(changes)).toEqual(["1"]);
    expect(warning).toContain(`messages on ${topic}/a are published with QoS 0`);
    await connection.close();
  });

  it("reports that it lost its session to another client with its client id", async () => {
    const { follower, settings, variables } = await follow();
    await follower.disconnect();
    const connection = await follower.connect();
    const thief = await new Follower(kind, { settings, variables }).connect();
    await expect(connection.read(10)).rejects.toThrow(/another client has this source's client id/);
    await thief.close();
  });

  it("has a different name at the broker for every source of every store", async () => {
    const { settings, variables, topic } = freshOutside({ clientId: undefined });
    const followers = [
      { store: "a-b", source: "c" },
      { store: "a", source: "b-c" },
      { store: "a", source: "b_c" },
    ].map((names) => new Follower(kind, { settings: { ...settings, stay: true }, variables }, names));
    const connections = await Promise.all(followers.map((follower) => follower.connect()));
    for (const connection of connections) await connection.read(1);
    const reads = connections.map((connection) => connection.read(1));
    await publish([json(`${topic}/a`, { id: "1" })]);
    for (const portion of await Promise.all(reads)) expect(read(portion.changes)).toEqual(["1"]);
    await Promise.all(connections.map((connection) => connection.close()));
    for (const follower of followers) await follower.forget("remove");
  });

  it("takes the id from the place in the definition, and names a message that has none", async () => {
    const { follower, topic } = await follow({ id: ["topic", "data.n"] });
    const messages = [{ n: 1 }, { n: "1" }, { n: 2 ** 53 }, { n: "" }, { n: { a: 1 } }, { n: "\ud800" }, { m: 1 }, 7];
    await publish([...messages.map((value) => json(`${topic}/a`, value)), json(`${topic}/b`, { n: 1 }), json(`${topic}/b`, { n: 1 })]);
    await follower.drain();
    const [one, text, ...rest] = follower.stored;
    expect(one).toMatchObject({ id: `id/["${topic}/a",1]`, position: `["${topic}/a",1]` });
    expect(text?.id).toBe(`id/["${topic}/a","1"]`);
    const unreadable = rest.slice(0, 6);
    for (const { unreadable: why } of unreadable)
      expect(why).toBe(
        `the message on ${topic}/a has no id at \`data.n\`: it must be a string that is not empty, or a whole number below 2^53`,
      );
    expect(new Set(unreadable.map(({ position }) => position)).size).toBe(6);
    // Twice the same: once.
    expect(rest.slice(6).map(({ id }) => id)).toEqual([`id/["${topic}/b",1]`]);
  });

  it("takes the id from a user property of MQTT 5, and has all user properties in the change", async () => {
    const { follower, topic } = await follow({ id: "properties.message-id" });
    const userProperties = { "message-id": "7", unit: ["C", "F"] };
    await publish([{ topic: `${topic}/a`, payload: "21.5", options: { retain: true, properties: { userProperties } } }]);
    await follower.drain();
    expect(follower.stored).toEqual([
      {
        id: "id/7",
        position: "7",
        value: { topic: `${topic}/a`, retain: false, properties: { "message-id": "7", unit: "C, F" }, data: 21.5 },
      },
    ]);
    await publish([{ topic: `${topic}/a`, payload: "", options: { retain: true } }]);
  });

  it("reads payloads of every kind", async () => {
    const { follower, topic } = await follow({ id: "properties.id" });
    const deep = `${"[".repeat(100)}${"]".repeat(100)}`;
    const payloads = [
      '{"__proto__":{"b":2}}',
      "null",
      "",
      "1e999",
      deep,
      Uint8Array.of(0xff, 0xfe, 0),
      // Over a WebSocket, mosquitto 2.0.11 gets stuck at a message of 200,000.
      "x".repeat(100_000),
    ];
    await publish(
      payloads.map((payload, at) => ({
        topic: `${topic}/a`,
        payload,
        options: { properties: { userProperties: { id: String(at), ["__proto__"]: "p" } } },
      })),
    );
    await expect.poll(async () => (await follower.drain(), follower.stored.length)).toBe(payloads.length);
    const values = follower.stored.map(({ value: { topic: _topic, retain: _retain, properties: _properties, ...payload } }) => payload);
    expect(JSON.stringify(values[0])).toBe('{"data":{"__proto__":{"b":2}}}');
    expect(values.slice(1)).toEqual([
      { data: null },
      { text: "" },
      { text: "1e999" },
      { text: deep },
      { base64: "//4A" },
      { text: "x".repeat(100_000) },
    ]);
  });

  it("unsubscribes from topics that its definition no longer has", async () => {
    const { follower, topic, settings, variables } = await follow({});
    await follower.disconnect();
    await publish([json(`${topic}/old`, { id: "1" }), json(`${topic}/new/x`, { id: "2" })]);
    const changed = new Follower(
      kind,
      { settings: { ...settings, topics: [`${topic}/new/+`] }, variables },
      { store: "tests", source: "followed" },
    );
    changed.cursor = follower.cursor;
    await changed.drain();
    await publish([json(`${topic}/old`, { id: "3" }), json(`${topic}/new/y`, { id: "4" })]);
    await changed.drain();
    await changed.disconnect();
    expect(read(changed.stored)).toEqual(["2", "4"]);
  });

  it("logs in, and stays connected until a message arrives", async () => {
    const url = server.more.withPassword!;
    const { settings } = freshOutside({ credentials: "MQTT_USER", stay: true });
    const variables = { MQTT_URL: url, MQTT_USER: '{"user":"sensor","password":"sensor-password"}' };
    const connection = await new Follower(kind, { settings, variables }).connect();
    expect((await connection.read(1)).hasMore).toBe(true);
    await connection.close();
  });

  it.for([
    ["another password", { MQTT_USER: '{"user":"sensor","password":"wrong-secret"}' }, /the MQTT broker refuses the credentials/],
    ["credentials that are not JSON", { MQTT_USER: "wrong-secret" }, /MQTT_USER must be JSON with a user and a password/],
    ["no server", { MQTT_URL: "ws://127.0.0.1:1/wrong-secret" }, /nothing answers at the address in MQTT_URL/],
    [
      "a server of something else",
      { MQTT_URL: `${inject("control").replace("http", "ws")}/wrong-secret` },
      /is no MQTT broker over a WebSocket: it says 500/,
    ],
    ["no WebSocket", { MQTT_URL: "mqtt://wrong-secret:1883" }, /must be the address of a WebSocket/],
  ] as const)("fails with a message that has no secret, given %s", async ([, variables, message]) => {
    const { settings } = freshOutside({ credentials: "MQTT_USER" });
    const all = { MQTT_URL: server.more.withPassword!, MQTT_USER: '{"user":"a","password":"b"}', ...variables };
    const error = await new Follower(kind, { settings, variables: all }).connect().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(Error);
    const { message: text, stack, cause } = error as Error;
    expect(text).toMatch(message);
    expect([text, stack, String(cause)].join("\n")).not.toContain("wrong-secret");
  });
});
