/**
 * The story of a correlation as a tree: what was asked for, the events that it led to, what answered them, and each attempt to send one on. An
 * event has one cause, so the graph of causes is a tree: drawn as one, with time as the other axis, it needs no layout that moves things around, and
 * two thousand events stay lines that can be read and folded.
 */

import type { ConsumerReport, StoredEvent, ConsumerError } from "../../store/event.ts";

/** `GET /webhooks/deliveries`. */
export interface DeliveryReport {
  readonly webhook: string;
  readonly url: string;
  readonly id: string;
  readonly position: number;
  readonly status: string;
  readonly attempts: number;
  readonly nextAttemptAt?: string;
  readonly history?: readonly Attempt[];
}

interface Attempt {
  /** When it ended. */
  readonly at: string;
  readonly durationMs: number;
  readonly response?: number;
  readonly error?: string;
}

export interface StoryNode {
  /** Stays the same while the story goes on: the address has it. */
  readonly key: string;
  readonly kind: "request" | "event" | "delivery" | "attempt" | "failure";
  readonly title: string;
  /** Where it was, or how it ended. */
  readonly detail: string;
  /** What made it: names of the code, or of a definition. */
  readonly maker?: string;
  readonly isBad?: boolean;
  /** Milliseconds since 1970; `began` where it took a time. */
  readonly at: number;
  readonly began?: number;
  readonly event?: StoredEvent;
  readonly delivery?: DeliveryReport;
  readonly failure?: ConsumerReport;
  readonly children: StoryNode[];
}

export interface StoryParts {
  /** In the order of the log. */
  readonly events: readonly StoredEvent[];
  readonly deliveries: readonly DeliveryReport[];
  readonly consumers: readonly ConsumerReport[];
  /** The kinds of the app's processors, by name. */
  readonly kinds: ReadonlyMap<string, string>;
}

/** The beginnings of the story: usually one request. */
export function treeOf({ events, deliveries, consumers, kinds }: StoryParts): StoryNode[] {
  const roots: StoryNode[] = [];
  // An id is unique within its stream only: the latest before an event is its cause.
  const byId = new Map<string, StoryNode>();
  const byPosition = new Map<number, StoryNode>();
  for (const event of events) {
    const { causationId } = event.meta;
    const node = nodeOfEvent(event, kinds);
    let cause = typeof causationId === "string" ? byId.get(causationId) : undefined;
    if (!cause && typeof causationId === "string" && causationId !== event.id) {
      cause = nodeOfRequest(event, causationId);
      byId.set(causationId, cause);
      roots.push(cause);
    }
    (cause?.children ?? roots).push(node);
    byId.set(event.id, node);
    if (event.position !== undefined) byPosition.set(event.position, node);
  }
  for (const delivery of deliveries) insert(byPosition.get(delivery.position), nodeOfDelivery(delivery));
  for (const consumer of consumers) {
    const { lastError: error } = consumer;
    // What a webhook could not send is among its deliveries.
    if (error?.event && consumer.kind !== "webhook") insert(byPosition.get(error.event.position), nodeOfFailure(consumer, error));
  }
  return roots;
}

/** In its time. Events stay in the order of the log, along which their times may run backwards. */
function insert(cause: StoryNode | undefined, node: StoryNode): void {
  if (!cause) return;
  const before = cause.children.findIndex(({ began, at }) => (began ?? at) > (node.began ?? node.at));
  cause.children.splice(before < 0 ? cause.children.length : before, 0, node);
}

function nodeOfEvent(event: StoredEvent, kinds: StoryParts["kinds"]): StoryNode {
  const { $processor: processor, $command: command, $timer: timer } = event.meta;
  const kind = typeof processor === "string" ? (kinds.get(processor) ?? "processor") : "";
  const maker = [
    typeof processor === "string" ? `${kind === "rules" ? "processor" : kind} ${processor}` : "",
    typeof timer === "string" ? `timer ${timer}` : "",
    typeof command === "string" ? `command ${command}` : "",
  ].filter(Boolean);
  return {
    key: event.id,
    kind: "event",
    title: event.type,
    detail: event.stream,
    maker: maker.join(" › "),
    at: Date.parse(event.recordedAt),
    event,
    children: [],
  };
}

/** Milliseconds that a request may have taken, so that the time in its id is believed. Ours. */
const REQUEST_MS = 60_000;

/** What no event of the log is: the command of a client, or an event that was not found. */
function nodeOfRequest({ meta, recordedAt, type }: StoredEvent, id: string): StoryNode {
  const stored = Date.parse(recordedAt);
  // Ids of version 7 begin with their time.
  const made = id[14] === "7" ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : Number.NaN;
  const { $command: command, by, $processor: processor, $timer: timer } = meta;
  const isCommand = typeof command === "string" && processor === undefined && timer === undefined;
  return {
    key: id,
    kind: "request",
    title: isCommand ? `Command ${command}` : processor === undefined ? "Request" : `What led to ${type}`,
    detail: typeof by === "string" ? `from ${by}` : isCommand ? "from a client" : "not among these events",
    at: made <= stored && made > stored - REQUEST_MS ? made : stored,
    children: [],
  };
}

function nodeOfDelivery(delivery: DeliveryReport): StoryNode {
  const { webhook, status, history = [], url, nextAttemptAt } = delivery;
  const attempts = history.map((attempt, index) => nodeOfAttempt(delivery, attempt, index));
  const last = history.at(-1);
  const next = nextAttemptAt === undefined ? "" : `, next attempt at ${new Date(nextAttemptAt).toLocaleTimeString("en-GB")}`;
  return {
    key: `delivery ${webhook} ${delivery.id}`,
    kind: "delivery",
    title: `Webhook ${status}`,
    detail: `${url.replace(/^https?:\/\//, "")}${next}`,
    maker: `webhook ${webhook}`,
    isBad: status === "parked" || (status === "pending" && history.length > 0),
    began: attempts[0]?.began,
    at: last ? Date.parse(last.at) : Number.NaN,
    delivery,
    // One that arrived at once says all of it itself.
    children: attempts.length === 1 && status === "delivered" ? [] : attempts,
  };
}

function nodeOfAttempt(delivery: DeliveryReport, { at, durationMs, response, error }: Attempt, index: number): StoryNode {
  const ended = Date.parse(at);
  return {
    key: `attempt ${index} ${delivery.webhook} ${delivery.id}`,
    kind: "attempt",
    title: `Attempt ${delivery.attempts - (delivery.history?.length ?? 0) + index + 1}`,
    detail: [response === undefined ? "" : `answer ${response}`, error ?? ""].filter(Boolean).join(": "),
    isBad: response === undefined || response >= 300,
    at: ended,
    began: ended - durationMs,
    delivery,
    children: [],
  };
}

function nodeOfFailure(consumer: ConsumerReport, { message, at }: ConsumerError): StoryNode {
  const { kind, name, status, attempts } = consumer;
  return {
    key: `failure ${name}`,
    kind: "failure",
    title: status === "failed" ? "Failed and stopped" : "Failed, is tried again",
    detail: message,
    maker: `${kind} ${name}, ${attempts === 1 ? "1 attempt" : `${attempts} attempts`}`,
    isBad: true,
    at: Date.parse(at),
    failure: consumer,
    children: [],
  };
}
