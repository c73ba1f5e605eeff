/** What the doors and the queue say to a webhook's object, and what it keeps. */

import type { ConsumerAction } from "./stream-protocol.ts";
import type { ConsumerError } from "../definitions/hooks.ts";
import type { Predicate } from "../definitions/webhooks/predicate.ts";

/** Which events, to where, and how. */
export interface Settings {
  readonly url: string;
  readonly types?: readonly string[];
  readonly categories?: readonly string[];
  /** What an event must fulfil besides. */
  readonly where?: Predicate;
  readonly description?: string;
  /** Sent along with every delivery. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Deliveries per second, at most. */
  readonly rate?: number;
  /** Deliveries under way at once, at most. */
  readonly concurrency?: number;
  /** Also sign with Ed25519. */
  readonly asymmetric?: boolean;
  /** What a delivery's body is. Default: `event`. */
  readonly format?: Format;
}

/** `event`: `{type, timestamp, data: <event>}`; `cloudevents`: one CloudEvent in its JSON format. */
export type Format = "event" | "cloudevents";

/** A subscription of an outside URL to events, added at run time. */
export interface Subscription extends Settings {
  readonly id: string;
  /** `whsec_…`; shown once. */
  readonly secret: string;
  /** Secrets that were replaced and sign until then (milliseconds since 1970), the newest first. */
  readonly previous?: readonly { readonly secret: string; readonly until: number }[];
  /** RFC 3339 UTC. */
  readonly createdAt: string;
}

/** A change of settings: what is null is removed, what is absent stays (RFC 7396). */
export type SettingsPatch = { readonly [Name in keyof Omit<Settings, "headers">]?: Settings[Name] | null } & {
  readonly headers?: Readonly<Record<string, string | null>> | null;
  readonly paused?: boolean;
};

/** Why a webhook was switched off. */
export interface Disabled {
  readonly reason: "gone" | "failing";
  /** RFC 3339 UTC. */
  readonly at: string;
}

/** A webhook as it is shown: without its secret, and without the values of its headers, which may be secrets too. */
export interface WebhookReport extends Omit<Settings, "headers"> {
  readonly id: string;
  readonly headers?: readonly string[];
  readonly createdAt?: string;
  readonly origin: "code" | "api";
  readonly status: "live" | "catching-up" | "paused" | "failed";
  readonly disabled?: Disabled;
  /** The last position that it has taken from the log: from here on its deliveries are its own business. */
  readonly position: number;
  /** Deliveries that it has taken and that have not ended: those that wait, are under way, or will be tried again. */
  readonly pending: number;
  readonly parked: number;
  /** Attempts that have failed since the last success. */
  readonly attempts: number;
  readonly lastError?: ConsumerError;
  /** Counted since it was made. */
  readonly totals: Totals;
  readonly health: {
    /** From 0 to 1, of the attempts of the last 24 hours; absent: there were none. */
    readonly successRate?: number;
    readonly lastSuccessAt?: string;
    readonly failingSince?: string;
    /** Nothing is sent before then: several streams have failed, or the endpoint has asked for it. */
    readonly nextAttemptAt?: string;
  };
  /** Streams whose events wait for one that has failed; absent: there are none. */
  readonly blocked?: BlockedReport;
  readonly replays: readonly ReplayReport[];
}

export interface BlockedReport {
  readonly streams: number;
  /** RFC 3339 UTC: when the first of them began to wait. */
  readonly since: string;
  /** RFC 3339 UTC: since when as many wait as may (10,000), so that it takes no further event. Absent: fewer do. */
  readonly fullSince?: string;
}

/**
 * What has become of deliveries, all in all. Stored with the position, so a crash may forget the last moments; what was sent in them
 * is mostly sent again, and counted then.
 */
export interface Totals {
  readonly delivered: number;
  /** Attempts, not deliveries. */
  readonly failed: number;
  readonly parked: number;
  readonly skipped: number;
}

export interface ReplayReport {
  readonly id: number;
  /** The last position that is done. */
  readonly position: number;
  /** The last one that it goes to. */
  readonly to: number;
}

export interface ReplayRequest {
  /** A position, inclusive, or milliseconds since 1970 at which events were recorded. */
  readonly from: { readonly position: number } | { readonly time: number };
  readonly to?: { readonly position: number } | { readonly time: number };
}

/** What a replay would send. */
export interface ReplayCount {
  /** Events that would be sent again. */
  readonly events: number;
  /** The last position that was counted: before the range's end when counting took too long. */
  readonly position: number;
  /** The last position that a replay would go to. */
  readonly to: number;
}

export type DeliveryStatus = "pending" | "delivered" | "parked" | "skipped";

/** One delivery as the books have it. */
export interface DeliveryReport {
  /** The event's position; behind a hyphen the number of the replay it belongs to. */
  readonly id: string;
  readonly webhookId: string;
  readonly stream: string;
  readonly position: number;
  readonly type: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  /** Of the last attempt: when it ended, how long it took, what came back. */
  readonly lastAttemptAt: string;
  readonly durationMs: number;
  readonly response?: number;
  readonly error?: string;
  readonly excerpt?: string;
  readonly nextAttemptAt?: string;
}

export interface DeliveriesRequest {
  readonly status?: DeliveryStatus;
  /** A delivery's id: those after it in the list. */
  readonly after?: string;
  readonly limit: number;
}

export interface DeliveriesPage {
  readonly deliveries: readonly DeliveryReport[];
  /** The id to go on after, when there may be more. */
  readonly next?: string;
  /** Events that were taken and not tried so far: they have no entry yet. */
  readonly waiting: number;
}

/** The outcome of one attempt. */
export interface Outcome {
  readonly delivered: boolean;
  /** HTTP status; absent: none came. */
  readonly response?: number;
  readonly error?: string;
  /** The first bytes of the answer. */
  readonly excerpt?: string;
  readonly durationMs: number;
  /** Milliseconds that the endpoint has asked to be left alone. */
  readonly retryAfterMs?: number;
  /** The endpoint will never take anything again. */
  readonly isGone?: boolean;
  /** Nothing was sent: the event is at fault, and this says nothing of the endpoint. */
  readonly ownFault?: boolean;
}

export interface PublicKeys {
  readonly keys: readonly { readonly algorithm: "ed25519"; readonly publicKey: string; readonly until?: string }[];
}

/** Why something was not done. */
export interface Refused {
  readonly refused: string;
  /** The request asks for what can never be, not only not now. */
  readonly invalid?: true;
}

/** What a webhook answers that only code could declare, and the code that its object runs does not, or not with these variables. */
export const UNKNOWN_WEBHOOK = -1;

export interface WebhookRpc {
  /** Begins after a position of the log. */
  create(subscription: Subscription, position: number): Promise<void>;
  /** Undefined, here and below: there is no such webhook (any more). */
  report(): Promise<WebhookReport | undefined>;
  /**
   * Takes what is new in the log, and delivers. Answers with the last position that is its own business now, or with
   * {@link UNKNOWN_WEBHOOK}.
   */
  wake(): Promise<number>;
  remove(): Promise<void>;
  change(patch: SettingsPatch): Promise<WebhookReport | Refused | undefined>;
  /** The operator's levers, as `/consumers/{name}/{action}` has them. `at`: the position to reset to, or of the one delivery to skip. */
  control(action: ConsumerAction, at?: number): Promise<WebhookReport | Refused | undefined>;
  /** Answers with the secret now in use, and until when those before it sign (RFC 3339). */
  rotate(secret: string): Promise<{ secret: string; previousUntil: string } | Refused | undefined>;
  /** Sends a message that is no event, now, and says what came of it. */
  sendTest(): Promise<Outcome | undefined>;
  replay(request: ReplayRequest): Promise<ReplayReport | Refused | undefined>;
  /** How much a replay would send again; it does nothing. */
  countReplay(request: ReplayRequest): Promise<ReplayCount | Refused | undefined>;
  deliveries(request: DeliveriesRequest): Promise<DeliveriesPage | undefined>;
  /** Tries a parked or waiting delivery now. Undefined also where there is no such delivery; refused where it is under way or over. */
  retry(delivery: string): Promise<DeliveryReport | Refused | undefined>;
  /** The same for the parked ones between two positions, inclusive: how many, and how many of them are left for the next call. */
  retryParked(from: number, to: number): Promise<{ retried: number; left: number } | undefined>;
  /** What receivers check asymmetric signatures with. */
  publicKeys(): Promise<PublicKeys | undefined>;
}
