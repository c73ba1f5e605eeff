/** The durable consumer of a source: created where it is missing, and as it must be so that no message is lost or out of order. */

import { type SourceContext, SourceStopped } from "../../definitions/sources/kind.ts";
import { type ConsumerConfig, type ConsumerInfo, type JetStream, JetStreamError, NotPermitted, type StreamInfo } from "./server.ts";
import type { NatsSettings } from "./settings.ts";

/** What a source keeps between two connections. */
export interface NatsCursor {
  readonly stream: string;
  /** When the stream was made: one of the same name that is made later counts from 1 again. */
  readonly created: string;
  /** The stream's messages up to this number are stored, or of no concern. */
  readonly through: number;
  /** The last number of the stream when the source began. What was missing before is not this source's loss. */
  readonly began: number;
  /** Messages that the stream no longer had when the source came to them. */
  readonly missed: number;
}

const NANOSECONDS = 1_000_000;
/** Milliseconds until the server gives a message again that was not acknowledged. Ours: far above what storing a portion takes. */
export const ACK_WAIT_MS = 60_000;
/** Messages that are given and not acknowledged. Ours: more than a portion, and what an object's memory holds. */
export const ACK_PENDING = 1_000;

export interface Ready {
  readonly info: ConsumerInfo;
  /** The source made it, and may change it. */
  readonly isOurs: boolean;
}

/** How a consumer names the source that it belongs to. */
export function markOf({ store, source }: SourceContext): string {
  return `headspring source ${store}/${source}`;
}

/** Whether the consumer belongs to another source. */
export function isOfAnother(config: ConsumerConfig, context: SourceContext): boolean {
  return config.description !== markOf(context) && (config.description ?? "").startsWith("headspring source ");
}

/**
 * The consumer, created if it is missing.
 *
 * @throws {SourceStopped} when it cannot be as it must be
 */
export async function readyConsumer(
  api: JetStream,
  settings: NatsSettings,
  context: SourceContext,
  stream: StreamInfo,
  cursor: NatsCursor | undefined,
): Promise<Ready> {
  const { retention } = stream.config;
  const wanted = { ...configOf(settings, context, stream, cursor), name: api.durable, durable_name: api.durable };
  const found = await orStopped(api, wanted, () => api.consumerInfo());
  if (found === undefined) return { info: await create(api, settings, wanted), isOurs: true };
  if (isOfAnother(found.config, context))
    throw new SourceStopped(
      `the consumer ${api.durable} belongs to another ${found.config.description?.slice("headspring ".length)}: name one of its own in \`durable\``,
    );
  const isOurs = found.config.description === markOf(context);
  if (!isOurs) {
    const wrong = wrongWith(found.config, settings);
    if (wrong !== undefined)
      throw new SourceStopped(`the consumer ${api.durable} of stream ${api.stream} ${wrong}: change it, or delete it and resume`);
    return { info: found, isOurs };
  }
  // Somebody else has read from it, or this source was set back: what the stream keeps is read again from where the source is.
  const isAhead = found.ack_floor.stream_seq > (cursor?.through ?? 0);
  const isOther = wrongWith(found.config, settings) !== undefined;
  if (
    retention === "limits" &&
    (isOther || (isAhead && cursor !== undefined) || (cursor === undefined && found.ack_floor.consumer_seq > 0))
  ) {
    await orStopped(api, wanted, () => api.deleteConsumer());
    return { info: await create(api, settings, wanted), isOurs };
  }
  const {
    ack_wait,
    max_ack_pending,
    filter_subject: _one,
    filter_subjects: _more,
    headers_only: _bare,
    backoff: _pauses,
    ...kept
  } = found.config;
  if (!isOther && ack_wait === wanted.ack_wait && max_ack_pending === wanted.max_ack_pending) return { info: found, isOurs };
  // Where the server allows no such change, it says so.
  const changed = { ...kept, ...ways(), ...filtersOf(settings) };
  const info = await orStopped(api, wanted, () => api.putConsumer(changed));
  const wrong = wrongWith(info.config, settings);
  if (wrong !== undefined) throw notAsAsked(api, settings, wrong);
  return { info, isOurs };
}

async function create(api: JetStream, settings: NatsSettings, wanted: ConsumerConfig): Promise<ConsumerInfo> {
  const info = await orStopped(api, wanted, () => api.putConsumer(wanted));
  const wrong = wrongWith(info.config, settings);
  if (wrong === undefined) return info;
  await api.deleteConsumer();
  throw notAsAsked(api, settings, wrong);
}

/** An older server does not know several filters, and says nothing. */
function notAsAsked(api: JetStream, settings: NatsSettings, wrong: string): SourceStopped {
  return new SourceStopped(
    (settings.subjects ?? []).length > 1
      ? "several `subjects` need NATS 2.10: give one, with wildcards, or a source each"
      : `the consumer ${api.durable} that the server has made ${wrong}`,
  );
}

/**
 * Makes the server give again at once what it gave to a connection that is gone, instead of after the wait for acknowledgements, in between
 * newer messages. A shorter wait makes it look at what is open (after 100 ms); then the wait is what it was.
 */
export async function redeliver(api: JetStream, { config }: ConsumerInfo): Promise<void> {
  await api.putConsumer({ ...config, ack_wait: NANOSECONDS });
  await scheduler.wait(250);
  await api.putConsumer({ ...config, ack_wait: ACK_WAIT_MS * NANOSECONDS });
}

const ways = () =>
  ({
    ack_policy: "explicit",
    ack_wait: ACK_WAIT_MS * NANOSECONDS,
    max_deliver: -1,
    max_ack_pending: ACK_PENDING,
    replay_policy: "instant",
  }) as const;

function filtersOf({ subjects = [] }: NatsSettings): Pick<ConsumerConfig, "filter_subject" | "filter_subjects"> {
  const [first] = subjects;
  return subjects.length > 1 ? { filter_subjects: subjects } : first === undefined ? {} : { filter_subject: first };
}

function configOf(settings: NatsSettings, context: SourceContext, stream: StreamInfo, cursor: NatsCursor | undefined): ConsumerConfig {
  return {
    description: markOf(context),
    ...ways(),
    ...filtersOf(settings),
    ...startOf(settings, stream, cursor),
  };
}

function startOf({ start = "beginning" }: NatsSettings, { config }: StreamInfo, cursor: NatsCursor | undefined): ConsumerConfig {
  if (config.retention === "workqueue") {
    if (start !== "beginning") throw new SourceStopped("the stream is a work queue, of which a reader gets everything: leave out `start`");
    return { deliver_policy: "all" };
  }
  if (cursor) return { deliver_policy: "by_start_sequence", opt_start_seq: cursor.through + 1 };
  if (start === "beginning") return { deliver_policy: "all" };
  if (start === "now") return { deliver_policy: "new" };
  if ("sequence" in start) return { deliver_policy: "by_start_sequence", opt_start_seq: start.sequence };
  return { deliver_policy: "by_start_time", opt_start_time: start.time };
}

/** Why a source cannot read from this consumer; undefined: it can. */
function wrongWith(config: ConsumerConfig, settings: NatsSettings): string | undefined {
  const has =
    config.filter_subjects ?? (config.filter_subject === undefined || config.filter_subject === "" ? [] : [config.filter_subject]);
  const wants = settings.subjects ?? [];
  if (config.deliver_subject) return "pushes its messages, and a source pulls";
  if (config.ack_policy !== "explicit") return "does not ask for explicit acknowledgements";
  // Before `max_deliver`, which an older server asks for with it.
  if ((config.backoff ?? []).length > 0) return "has a backoff of its own";
  if ((config.max_deliver ?? -1) > 0) return "gives a message up after some attempts (max_deliver), which would lose it";
  if (config.headers_only === true) return "gives headers only";
  if (has.length !== wants.length || wants.some((one) => !has.includes(one))) return "has another filter of subjects than the source";
  return undefined;
}

/** What JetStream refuses for good stops the source, with what to run where the user may not create the consumer. */
async function orStopped<Result>(api: JetStream, wanted: ConsumerConfig, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NotPermitted)
      throw new SourceStopped(`${error.message}. Allow it, or create the consumer yourself and resume: ${commandFor(api, wanted)}`);
    if (error instanceof JetStreamError && !error.isPassing)
      throw new SourceStopped(`JetStream refuses the consumer ${api.durable} of stream ${api.stream}: ${error.message}`);
    throw error;
  }
}

function commandFor({ stream, durable }: JetStream, wanted: ConsumerConfig): string {
  const filters = wanted.filter_subjects ?? (wanted.filter_subject === undefined ? [] : [wanted.filter_subject]);
  return [
    `nats consumer add ${stream} ${durable} --pull --ack explicit --replay instant --max-deliver=-1 --max-pending=${ACK_PENDING}`,
    `--wait=${ACK_WAIT_MS / 1_000}s`,
    `--deliver ${wanted.deliver_policy === "by_start_sequence" ? String(wanted.opt_start_seq) : wanted.deliver_policy === "by_start_time" ? String(wanted.opt_start_time) : String(wanted.deliver_policy)}`,
    ...filters.map((filter) => `--filter '${filter}'`),
    "--defaults",
  ].join(" ");
}
