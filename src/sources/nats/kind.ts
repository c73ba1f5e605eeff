/** The kind `nats`: a stream of NATS JetStream, read through a durable consumer that belongs to the source. */

import { type ReadKind, type SourceContext, SourceStopped } from "../../definitions/sources/kind.ts";
import { namesOf } from "../deployment.ts";
import { isOfAnother, type NatsCursor, readyConsumer } from "./consumer.ts";
import { NatsReading } from "./reading.ts";
import { connectTo, disconnect, JetStream, NotPermitted, type StreamInfo } from "./server.ts";
import { durableOf, NATS_CHANGE, NatsSettings } from "./settings.ts";

/** Ours: to connect and to ask takes some tenths of a second, for which the object is paid. */
const EVERY_MS = 5_000;

export const natsKind: ReadKind<NatsSettings> = {
  name: "nats",
  settings: NatsSettings,
  change: NATS_CHANGE,
  needs: namesOf,
  everyMs: EVERY_MS,

  async connect(settings, context) {
    const server = await connectTo(settings, context);
    try {
      const api = new JetStream(server, settings, durableOf(settings, context));
      const stream = await asStopped(() => api.streamInfo());
      const stored = cursorOf(context, api.stream, stream);
      const ready = await readyConsumer(api, settings, context, stream, stored);
      const began = stored ?? {
        stream: api.stream,
        created: stream.created,
        through: ready.info.ack_floor.stream_seq,
        began: stream.state.last_seq,
        missed: 0,
      };
      const cursor = withGap(began, stream, settings, ready.info);
      return new NatsReading(server, api, settings, ready, { cursor, isCursorNew: cursor !== stored, streamEnd: stream.state.last_seq });
    } catch (error) {
      await disconnect(server);
      throw error;
    }
  },

  async forget(settings, context) {
    const server = await connectTo(settings, context);
    try {
      const api = new JetStream(server, settings, durableOf(settings, context));
      const found = await api.consumerInfo();
      if (found && !isOfAnother(found.config, context)) await api.deleteConsumer();
    } finally {
      await disconnect(server);
    }
  },
};

/** Where the source was in this stream. @throws {SourceStopped} when it was in another */
function cursorOf({ cursor }: SourceContext, name: string, { created }: StreamInfo): NatsCursor | undefined {
  if (cursor === undefined) return undefined;
  const stored = cursor as unknown as NatsCursor; // it is this kind's own
  if (stored.stream !== name)
    throw new SourceStopped(`the source has followed the stream ${stored.stream}: reset it, and it follows ${name} from its start`);
  if (stored.created !== created)
    throw new SourceStopped(
      `the stream ${name} was deleted and made again at ${created}: reset the source, and it follows the new one from its start`,
    );
  return stored;
}

/**
 * The cursor behind what the stream no longer has, counted. Without a filter each number is a message of concern; what is missing between
 * two messages is counted where they are read.
 */
function withGap(
  cursor: NatsCursor,
  { config, state }: StreamInfo,
  settings: NatsSettings,
  info: { readonly ack_floor: { readonly stream_seq: number } },
): NatsCursor {
  const isKept = config.retention === "limits" || settings.subjects === undefined;
  const first = isKept ? state.first_seq - 1 : info.ack_floor.stream_seq;
  if (first <= cursor.through) return cursor;
  return { ...cursor, through: first, missed: cursor.missed + Math.max(0, first - Math.max(cursor.through, cursor.began)) };
}

/** What the user may not even ask for does not get better by itself. */
async function asStopped<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof NotPermitted ? new SourceStopped(`${error.message}: allow it, then resume`) : error;
  }
}
