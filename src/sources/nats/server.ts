/** A connection to a NATS server over a WebSocket, and JetStream's requests over it. Errors name what is wrong, and no secret. */

import {
  type Authenticator,
  credsAuthenticator,
  errors,
  type NatsConnection,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  wsconnect,
} from "@nats-io/nats-core";
import { type SourceContext, SourceStopped } from "../../definitions/sources/kind.ts";
import { within } from "../../core/within.ts";
import { textOf, userOf, webSocketUrl } from "../deployment.ts";
import type { NatsSettings } from "./settings.ts";

/** Milliseconds until the server must have taken the connection. Ours. */
const CONNECT_MS = 10_000;
/** Milliseconds until JetStream must have answered a request. Ours: as NATS' own clients. */
const REQUEST_MS = 5_000;
/** Milliseconds that the end of a connection is waited for. Ours. */
const CLOSE_MS = 2_000;
/** Milliseconds between two signs of life; after two without an answer the connection counts as broken. Ours. */
const PING_MS = 10_000;

/** @throws {SourceStopped} when the variables are not as they should be */
export async function connectTo(settings: NatsSettings, context: SourceContext): Promise<NatsConnection> {
  const { connection, credentials, inbox } = settings;
  const url = webSocketUrl(context, connection);
  const authenticator = credentials === undefined ? undefined : authenticatorOf(textOf(context, credentials), credentials);
  try {
    const connecting = wsconnect({
      servers: url.href,
      name: `headspring ${context.store}/${context.source}`,
      // The source's object connects again, after a pause that grows.
      reconnect: false,
      ignoreClusterUpdates: true,
      timeout: CONNECT_MS,
      pingInterval: PING_MS,
      ...(inbox === undefined ? {} : { inboxPrefix: inbox }),
      ...(authenticator ? { authenticator } : {}),
    });
    // One that it gives up it first closes, and waits for the other side, which may be gone without a word.
    return await within(CONNECT_MS + CLOSE_MS, connecting, () => {
      throw new errors.TimeoutError();
    });
  } catch (error) {
    // oxlint-disable-next-line preserve-caught-error -- the cause could have the address, which may have a secret in its path
    throw new Error(`no connection to the NATS server whose address is in ${connection}: ${reasonOf(error, credentials)}`);
  }
}

/** Ends the connection. One that is half open, because the other side is gone without a word, is left after some time. */
export async function disconnect(server: NatsConnection): Promise<void> {
  await within(CLOSE_MS, server.close(), () => undefined).catch(() => undefined);
}

/** Waits until the server has what was sent to it. */
export async function flush(server: NatsConnection): Promise<void> {
  await within(REQUEST_MS, server.flush(), () => {
    throw new Error(`the NATS server does not answer within ${REQUEST_MS / 1_000} s`);
  });
}

function authenticatorOf(text: string, name: string): Authenticator {
  if (text.includes("BEGIN NATS USER JWT")) return credsAuthenticator(new TextEncoder().encode(text));
  if (!text.startsWith("{")) return tokenAuthenticator(text);
  const { user, password } = userOf(text, name);
  return usernamePasswordAuthenticator(user, password);
}

/** In words of our own. */
function reasonOf(error: unknown, credentials: string | undefined): string {
  const { name = "", message = "" } = error instanceof Error ? error : {};
  if (name === "AuthorizationError" || name === "UserAuthenticationExpiredError")
    return credentials === undefined ? "it asks for credentials" : `it refuses the credentials in ${credentials}`;
  if (message === "unable to parse credentials") return `what is in ${String(credentials)} is no whole .creds file`;
  // It says why, and ends the connection: which of the two arrives first is chance.
  if (message.startsWith("WebSocket disconnected"))
    return `it ended the connection at once, as it does with a client that it refuses: look at ${credentials === undefined ? "`credentials`, which are missing" : `the credentials in ${credentials}`}`;
  if (name === "TimeoutError") return `no answer within ${CONNECT_MS / 1_000} s`;
  if (name === "ConnectionError" || message === "unexpected response from server")
    return "nothing answers there as a NATS server over a WebSocket";
  return `the connection failed (${name || "unknown error"})`;
}

/** JetStream refused a request. */
export class JetStreamError extends Error {
  override readonly name = "JetStreamError";
  /** NATS' own number of the error. */
  readonly number: number;
  /** A cluster without a leader, a server without resources: later it may work. */
  readonly isPassing: boolean;

  constructor(number: number, message: string, isPassing: boolean) {
    super(message);
    this.number = number;
    this.isPassing = isPassing;
  }
}

/** The user may not do this. */
export class NotPermitted extends Error {
  override readonly name = "NotPermitted";
}

export interface StreamInfo {
  readonly created: string;
  readonly config: { readonly retention: "limits" | "interest" | "workqueue" };
  readonly state: { readonly first_seq: number; readonly last_seq: number };
}

export interface ConsumerConfig {
  readonly description?: string;
  readonly ack_policy?: string;
  /** Nanoseconds. */
  readonly ack_wait?: number;
  readonly max_deliver?: number;
  readonly max_ack_pending?: number;
  readonly deliver_subject?: string;
  readonly headers_only?: boolean;
  readonly backoff?: readonly number[];
  readonly filter_subject?: string;
  readonly filter_subjects?: readonly string[];
  readonly [other: string]: unknown;
}

export interface ConsumerInfo {
  readonly config: ConsumerConfig;
  readonly delivered: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly ack_floor: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly num_ack_pending: number;
  readonly num_pending: number;
}

/** NATS' numbers of errors that mean: there is none. */
const NO_STREAM = 10_059;
const NO_CONSUMER = 10_014;

/** One stream and one durable consumer of it. */
export class JetStream {
  readonly #connection: NatsConnection;
  readonly #api: string;
  readonly stream: string;
  readonly durable: string;

  constructor(connection: NatsConnection, { jetstream, domain }: NatsSettings, durable: string) {
    this.#connection = connection;
    this.#api = domain === undefined ? "$JS.API" : `$JS.${domain}.API`;
    this.stream = jetstream;
    this.durable = durable;
  }

  /** @throws {SourceStopped} when there is no such stream */
  async streamInfo(): Promise<StreamInfo> {
    try {
      return await this.#ask<StreamInfo>(`STREAM.INFO.${this.stream}`);
    } catch (error) {
      if (!(error instanceof JetStreamError && error.number === NO_STREAM)) throw error;
      throw new SourceStopped(`the server has no JetStream stream ${this.stream}: create it, then resume the source`);
    }
  }

  /** Undefined: there is no such consumer, or its stream is gone. */
  async consumerInfo(): Promise<ConsumerInfo | undefined> {
    try {
      return await this.#ask<ConsumerInfo>(`CONSUMER.INFO.${this.stream}.${this.durable}`);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** Creates the consumer, or changes it. */
  putConsumer(config: ConsumerConfig): Promise<ConsumerInfo> {
    // So that permissions can be given for one filter.
    const filter = config.filter_subject === undefined ? "" : `.${config.filter_subject}`;
    return this.#ask<ConsumerInfo>(`CONSUMER.CREATE.${this.stream}.${this.durable}${filter}`, { stream_name: this.stream, config });
  }

  async deleteConsumer(): Promise<void> {
    try {
      await this.#ask(`CONSUMER.DELETE.${this.stream}.${this.durable}`);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Asks for messages, which come to the inbox. */
  pull(
    inbox: string,
    request: { readonly batch: number; readonly no_wait?: boolean; readonly expires?: number; readonly max_bytes?: number },
  ): void {
    this.#connection.publish(`${this.#api}.CONSUMER.MSG.NEXT.${this.stream}.${this.durable}`, JSON.stringify(request), { reply: inbox });
  }

  async #ask<Answer>(subject: string, body?: object): Promise<Answer> {
    const full = `${this.#api}.${subject}`;
    let text: string;
    try {
      const message = await this.#connection.request(full, body === undefined ? "" : JSON.stringify(body), { timeout: REQUEST_MS });
      text = message.string();
    } catch (error) {
      throw requestError(error, full);
    }
    const answer = JSON.parse(text) as { error?: { err_code?: number; code: number; description?: string } };
    if (answer.error) {
      const { code, err_code = code, description = "no reason given" } = answer.error;
      throw new JetStreamError(err_code, description, code >= 500);
    }
    return answer as Answer;
  }
}

/** There is no such consumer, or its stream is gone with all of them. */
function isGone(error: unknown): boolean {
  return error instanceof JetStreamError && (error.number === NO_CONSUMER || error.number === NO_STREAM);
}

function requestError(error: unknown, subject: string): Error {
  const names = [error, error instanceof Error ? error.cause : undefined].map((one) => (one instanceof Error ? one.name : ""));
  if (names.includes("PermissionViolationError"))
    return new NotPermitted(`the NATS user may not use ${subject}, or not subscribe to the answer`);
  if (names.includes("NoResponders"))
    return new Error(`the NATS server has no JetStream at ${subject} for this user: look at \`domain\`, or JetStream is not ready`);
  if (names.includes("TimeoutError")) return new Error(`JetStream did not answer ${subject} within ${REQUEST_MS / 1_000} s`);
  return new Error(`the connection to the NATS server broke (${names.find((name) => name !== "") ?? "unknown error"})`);
}
