/** The kind `mqtt`: messages of an MQTT broker, from a session that the broker keeps for the source. */

import type { JsonValue } from "../../core/event.ts";
import { MiB } from "../../core/limits.ts";
import type { Connection, Portion, ReadKind, SourceContext } from "../../definitions/sources/kind.ts";
import { namesOf, textOf, userOf, webSocketUrl } from "../deployment.ts";
import { changeOf } from "./change.ts";
import type { PublishPacket } from "./packets.ts";
import { MqttSession } from "./session.ts";
import { clientIdOf, matches, MQTT_CHANGE, MqttSettings } from "./settings.ts";

/** Milliseconds between two connections of a source that does not stay. Ours: in them a broker queues at most its limit, often 1,000 messages. */
const EVERY_MS = 5_000;
/** Milliseconds that a read waits for messages. Engine: at most 10 s. A broker sends what it has queued at once. */
const WAIT_MS = { stay: 9_000, go: 500 } as const;
/** Seconds that the broker is asked to keep the session after a connection. Ours: as long as a source may be paused. */
const EXPIRY_SECONDS = 30 * 86_400;
/** Messages that a broker may send before one is acknowledged. Ours: so many of the largest fit an object's 128 MB (platform). */
const RECEIVE_MAXIMUM = 100;
/** Bytes of payloads in one portion. Ours: parsed, they take several times that. */
const PORTION_BYTES = 4 * MiB;
/** Seconds for which a session should live at least. Ours: less, and a pause or a fault of the network ends it. */
const SHORT_SECONDS = 3_600;

/** What a source keeps between two connections. */
interface MqttCursor {
  /** The filters that the broker's session has. */
  readonly topics: readonly string[];
  /** How often the broker had lost the session, and when last. */
  readonly lost?: { readonly times: number; readonly at: string };
  /** A topic of which messages come with QoS 0. */
  readonly unsafe?: string;
}

export const mqttKind: ReadKind<MqttSettings> = {
  name: "mqtt",
  settings: MqttSettings,
  change: MQTT_CHANGE,
  needs: namesOf,
  everyMs: EVERY_MS,

  async connect(settings, context) {
    const session = await open(settings, context, false);
    try {
      // It is this kind's own.
      const stored = context.cursor as unknown as MqttCursor | undefined;
      const old = stored?.topics.filter((topic) => !settings.topics.includes(topic)) ?? [];
      if (old.length > 0) await session.unsubscribe(old);
      await session.subscribe(settings.topics);
      const lost =
        stored !== undefined && !session.isSessionPresent
          ? { lost: { times: (stored.lost?.times ?? 0) + 1, at: new Date().toISOString() } }
          : {};
      return new MqttReading(session, settings, { ...stored, topics: settings.topics, ...lost }, stored);
    } catch (error) {
      session.close();
      throw error;
    }
  },

  async forget(settings, context) {
    const session = await open(settings, context, true);
    session.close();
  },
};

function open(settings: MqttSettings, context: SourceContext, isClean: boolean): Promise<MqttSession> {
  const { connection, credentials, version = "5" } = settings;
  const url = webSocketUrl(context, connection);
  return MqttSession.open(url, connection, {
    version,
    clientId: clientIdOf(settings, context),
    isClean,
    keepAliveSeconds: 60,
    expirySeconds: isClean ? 0 : EXPIRY_SECONDS,
    receiveMaximum: RECEIVE_MAXIMUM,
    ...(credentials === undefined ? {} : userOf(textOf(context, credentials), credentials)),
  });
}

class MqttReading implements Connection {
  readonly #session: MqttSession;
  readonly #settings: MqttSettings;
  readonly #portions = new WeakMap<Portion, readonly PublishPacket[]>();
  #cursor: MqttCursor;
  /** As the engine has it. */
  #stored: string;

  constructor(session: MqttSession, settings: MqttSettings, cursor: MqttCursor, stored: MqttCursor | undefined) {
    this.#session = session;
    this.#settings = settings;
    this.#cursor = cursor;
    this.#stored = JSON.stringify(stored);
  }

  async read(limit: number): Promise<Portion> {
    const { stay = true } = this.#settings;
    // What the engine does not have yet is not waited for.
    if (JSON.stringify(this.#cursor) === this.#stored) await this.#session.wait(stay ? WAIT_MS.stay : WAIT_MS.go);
    const messages = this.#session.take(limit, PORTION_BYTES);
    const ours = messages.filter(({ topic }) => this.#settings.topics.some((filter) => matches(filter, topic)));
    const unsafe = ours.find(({ id, isRetained }) => id === undefined && !isRetained);
    if (unsafe && this.#cursor.unsafe === undefined) this.#cursor = { ...this.#cursor, unsafe: unsafe.topic };
    const cursor = JSON.stringify(this.#cursor);
    const isNew = cursor !== this.#stored;
    this.#stored = cursor;
    const changes = ours.map((message) => changeOf(message, this.#settings));
    const last = changes.at(-1);
    const portion: Portion = {
      changes,
      ...(isNew ? { cursor: JSON.parse(cursor) as JsonValue } : {}),
      ...(last ? { position: last.position } : {}),
      // More may be on its way. What did not fit here comes over the next connection.
      hasMore: messages.length > 0 || isNew || (stay && !this.#session.isFull),
      ...this.#warning(),
    };
    this.#portions.set(portion, messages);
    return portion;
  }

  async acknowledge(portion: Portion): Promise<void> {
    this.#session.acknowledge(this.#portions.get(portion) ?? []);
  }

  async close(): Promise<void> {
    this.#session.close();
  }

  #warning(): { warning?: string } {
    const { lost, unsafe } = this.#cursor;
    const { expirySeconds } = this.#session;
    const lines = [
      ...(lost
        ? [
            `the broker had lost this source's session ${lost.times === 1 ? "once" : `${lost.times} times`}, last at ${lost.at}: ` +
              "what was published while the source was not connected is missing",
          ]
        : []),
      ...(unsafe === undefined ? [] : [`messages on ${unsafe} are published with QoS 0, so some may be lost: publish them with QoS 1`]),
      ...(expirySeconds !== undefined && expirySeconds < SHORT_SECONDS
        ? [`the broker keeps the session for only ${expirySeconds} s after a connection`]
        : []),
    ];
    return lines.length === 0 ? {} : { warning: lines.join("; ") };
  }
}
