/** `headspring/nats`: a source that follows a stream of NATS JetStream. Needs the package `@nats-io/nats-core`. */

import { sourceKind } from "../../definitions/sources/source.ts";
import { natsKind } from "./kind.ts";
import type { NatsMessage, NatsSettings } from "./settings.ts";

/**
 * Follows a stream of NATS JetStream, over a WebSocket: each message once, in the stream's order. Listed in an app's `sourceKinds`, it can be
 * declared over HTTP, too.
 *
 * @example
 * export const payments = source("payments", {
 *   from: nats({ connection: "NATS_URL", credentials: "NATS_CREDENTIALS", jetstream: "PAYMENTS", subjects: ["payments.*.settled"] }),
 *   to: payment,
 *   stream: ({ subject }) => subject.split(".")[1] ?? "",
 *   data: ({ data }) => data,
 * });
 */
export const nats = sourceKind<NatsSettings, NatsMessage>(natsKind);

export type { NatsMessage, NatsSettings };
