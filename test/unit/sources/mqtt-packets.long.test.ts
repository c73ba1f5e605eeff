import fc from "fast-check";
import { generate, type Packet as Other, parser } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { Malformed } from "../../../src/sources/mqtt/bytes.ts";
import {
  connectPacket,
  PacketReader,
  pubackPackets,
  subscribePacket,
  unsubscribePacket,
  type Version,
} from "../../../src/sources/mqtt/packets.ts";
import { matches } from "../../../src/sources/mqtt/settings.ts";
import { runs } from "../../effort.ts";

/** As the codec of mqtt.js reads it. */
function parsed(bytes: Uint8Array, version: Version): Other {
  const reader = parser({ protocolVersion: version === "5" ? 5 : 4 });
  const all: Other[] = [];
  reader.on("packet", (packet) => all.push(packet));
  reader.on("error", (error) => {
    throw error;
  });
  reader.parse(Buffer.from(bytes));
  expect(all.length).toBe(1);
  return all[0]!;
}

/** One of each form, in a message: what a broker hands on is of no interest here, but must be read to find what is. */
const OTHER_PROPERTIES = {
  contentType: "x",
  messageExpiryInterval: 9,
  payloadFormatIndicator: true,
  topicAlias: 7,
  subscriptionIdentifier: 200_000,
  correlationData: Buffer.from([0, 255]),
};

const version = fc.constantFrom<Version>("5", "3.1.1");
const topic = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed() && !/[\0#+]/.test(text));

describe("packets of MQTT", () => {
  it("are written as another codec reads them", () => {
    fc.assert(
      fc.property(version, topic, fc.array(topic, { minLength: 1, maxLength: 5 }), fc.option(topic), (version, clientId, topics, user) => {
        const options = { version, clientId, isClean: false, keepAliveSeconds: 60, expirySeconds: 2_592_000, receiveMaximum: 100 };
        const connect = parsed(connectPacket({ ...options, ...(user === null ? {} : { user, password: "secret" }) }), version);
        expect(connect).toMatchObject({ cmd: "connect", clientId, clean: false, keepalive: 60, protocolVersion: version === "5" ? 5 : 4 });
        if (version === "5") expect(connect).toMatchObject({ properties: { sessionExpiryInterval: 2_592_000, receiveMaximum: 100 } });
        if (user !== null) expect(connect).toMatchObject({ username: user, password: Buffer.from("secret") });
        const subscribe = parsed(subscribePacket(version, 7, topics), version);
        expect(subscribe).toMatchObject({ cmd: "subscribe", messageId: 7, subscriptions: topics.map((topic) => ({ topic, qos: 1 })) });
        expect(parsed(unsubscribePacket(version, 8, topics), version)).toMatchObject({
          cmd: "unsubscribe",
          messageId: 8,
          unsubscriptions: topics,
        });
        expect(parsed(pubackPackets([513]), version)).toMatchObject({ cmd: "puback", messageId: 513 });
      }),
      { numRuns: runs(500) },
    );
  });

  it("are read as another codec writes them, however they are cut", () => {
    const message = fc.record({
      topic,
      payload: fc.uint8Array({ maxLength: 400 }),
      qos: fc.constantFrom(0, 1),
      retain: fc.boolean(),
      id: fc.integer({ min: 1, max: 65_535 }),
    });
    const names = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), topic, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
    fc.assert(
      fc.property(
        version,
        fc.array(message, { minLength: 1, maxLength: 6 }),
        names,
        fc.integer({ min: 1, max: 50 }),
        (version, messages, userProperties, size) => {
          const protocolVersion = version === "5" ? 5 : 4;
          const bytes = Buffer.concat(
            messages.map(({ topic, payload, qos, retain, id }) =>
              generate(
                {
                  cmd: "publish",
                  topic,
                  payload: Buffer.from(payload),
                  qos,
                  retain,
                  dup: false,
                  ...(qos === 1 ? { messageId: id } : {}),
                  ...(version === "5" ? { properties: { userProperties, ...OTHER_PROPERTIES } } : {}),
                },
                { protocolVersion },
              ),
            ),
          );
          const reader = new PacketReader(version);
          const read = [];
          for (let at = 0; at < bytes.length; at += size) read.push(...reader.take(bytes.subarray(at, at + size)));
          expect(read).toEqual(
            messages.map(({ topic, payload, qos, retain, id }) => ({
              type: "publish",
              topic,
              ...(qos === 1 ? { id } : {}),
              isRetained: retain,
              userProperties: version === "5" ? Object.entries(userProperties) : [],
              payload: new Uint8Array(payload),
              bytes: payload.length,
            })),
          );
        },
      ),
      { numRuns: runs(500) },
    );
  });

  it("end in an error, and in no other way, when the bytes are not MQTT", () => {
    fc.assert(
      fc.property(version, fc.uint8Array({ maxLength: 300 }), (version, bytes) => {
        try {
          new PacketReader(version).take(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
      { numRuns: runs(5_000) },
    );
  });

  it("that are too large to be kept have their topic and size, and do not harm those after them", () => {
    const large = generate({
      cmd: "publish",
      topic: "a/b",
      payload: Buffer.alloc(2_000_000, 1),
      qos: 1,
      retain: false,
      dup: false,
      messageId: 3,
    });
    const next = generate({ cmd: "publish", topic: "c", payload: "x", qos: 0, retain: false, dup: false });
    const read = new PacketReader("3.1.1").take(Buffer.concat([large, next]));
    expect(read).toEqual([
      { type: "publish", topic: "a/b", id: 3, isRetained: false, userProperties: [], payload: undefined, bytes: 2_000_000 },
      { type: "publish", topic: "c", isRetained: false, userProperties: [], payload: Uint8Array.of(120), bytes: 1 },
    ]);
  });
});

describe("a filter of topics", () => {
  it.for([
    ["a/b", "a/b", true],
    ["a/b", "a/c", false],
    ["a/+", "a/b", true],
    ["a/+", "a/b/c", false],
    ["a/+/c", "a//c", true],
    ["a/#", "a", true],
    ["a/#", "a/b/c", true],
    ["#", "a/b", true],
    ["+", "/a", false],
    ["+/+", "/a", true],
    ["#", "$SYS/x", false],
    ["+/x", "$SYS/x", false],
    ["$SYS/#", "$SYS/x", true],
    ["a", "a/b", false],
    ["a/b", "a", false],
  ] as const)("%s and %s: %s", ([filter, topic, does]) => {
    expect(matches(filter, topic)).toBe(does);
  });
});
