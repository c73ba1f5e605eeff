/**
 * The protocol of a webhook's object, which routes and the queue call, and what it stores. What it has on record about single deliveries is in
 * `delivery-protocol.ts`.
 */

import * as z from "zod";
import { type Answer, Position, Time, Whole } from "../core/answer.ts";
import { ConsumerError } from "../definitions/hooks.ts";
import type { ConsumerAction } from "./consumer-protocol.ts";
import type { DeliveriesOfEvents, DeliveriesPage, DeliveriesRequest, DeliveryReport, Outcome } from "./delivery-protocol.ts";
import type { Predicate } from "../definitions/webhooks/predicate.ts";

/** Which events are sent, to where, and how. */
export interface Settings {
  readonly url: string;
  readonly types?: readonly string[];
  readonly categories?: readonly string[];
  /** A condition that an event must also fulfil. */
  readonly where?: Predicate;
  readonly description?: string;
  /** Sent with every delivery. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The most deliveries per second. */
  readonly rate?: number;
  /** The most deliveries at the same time. */
  readonly concurrency?: number;
  /** Also sign with Ed25519. */
  readonly asymmetric?: boolean;
  /** The body of a delivery. Default: `event`. */
  readonly format?: Format;
}

/** `event`: `{type, timestamp, data: <event>}`; `cloudevents`: one CloudEvent in its JSON format. */
export type Format = "event" | "cloudevents";

/** A subscription of an outside URL to events, added at run time. */
export interface Subscription extends Settings {
  readonly id: string;
  /** `whsec_…`; shown once. */
  readonly secret: string;
  /** Replaced secrets that still sign until a time (milliseconds since 1970), the newest first. */
  readonly previous?: readonly { readonly secret: string; readonly until: number }[];
  /** RFC 3339 UTC. */
  readonly createdAt: string;
}

/** A change of settings: a member that is null is removed, an absent one stays (RFC 7396). */
export type SettingsPatch = { readonly [Name in keyof Omit<Settings, "headers">]?: Settings[Name] | null } & {
  readonly headers?: Readonly<Record<string, string | null>> | null;
  readonly paused?: boolean;
};

/** Why a webhook was switched off. */
export const Disabled = z.object({
  reason: z.enum(["gone", "failing"]).describe("`gone`: the endpoint answered 410. `failing`: five days passed without a success."),
  at: Time,
});
export type Disabled = Answer<typeof Disabled>;

export const BlockedReport = z
  .object({
    streams: Whole,
    since: Time.describe("When the first of them began to wait."),
    fullSince: Time.optional().describe("Since when as many streams wait as may: until fewer do, the webhook accepts no further event."),
  })
  .describe("Streams of a webhook whose events wait for one that has failed.");
export type BlockedReport = Answer<typeof BlockedReport>;

/**
 * The outcomes of deliveries, all in all. Stored with the position, so a crash may forget the last moments; most of what was sent in them
 * is sent again, and counted then.
 */
export const Totals = z.object({ delivered: Whole, failed: Whole.describe("Attempts, not deliveries."), parked: Whole, skipped: Whole });
export type Totals = Answer<typeof Totals>;

export const ReplayReport = z.object({
  id: z.int(),
  position: Position.describe("The last position that the replay has processed."),
  to: Position,
});
export type ReplayReport = Answer<typeof ReplayReport>;

/** A webhook as it is shown: without its secret, and without the values of its headers, which may be secrets as well. */
export const WebhookReport = z.object({
  id: z.string(),
  url: z.string(),
  types: z.array(z.string()).optional(),
  categories: z.array(z.string()).optional(),
  description: z.string().optional(),
  createdAt: Time.optional(),
  where: z.unknown().optional(),
  headers: z.array(z.string()).optional().describe("Names only: values may be secrets."),
  rate: z.number().optional(),
  concurrency: z.int().optional(),
  asymmetric: z.boolean().optional(),
  format: z.enum(["event", "cloudevents"]).optional(),
  origin: z.enum(["code", "api"]),
  status: z.enum(["live", "catching-up", "paused", "failed"]).describe("`failed`: the store has switched the webhook off, see `disabled`."),
  disabled: Disabled.optional(),
  position: Position.describe("The last position that the webhook has read from the log."),
  pending: Whole.describe("Deliveries that have begun and not ended."),
  parked: Whole.describe("Deliveries that the store has given up. They can be retried."),
  attempts: Whole.describe("Attempts that have failed since the last success."),
  lastError: ConsumerError.optional(),
  totals: Totals.describe("How deliveries have ended since the webhook was created."),
  health: z.object({
    successRate: z.number().optional().describe("The share of the attempts of the last 24 hours that succeeded, from 0 to 1."),
    lastSuccessAt: Time.optional(),
    failingSince: Time.optional(),
    nextAttemptAt: Time.optional().describe(
      "Nothing is sent before then, because several streams have failed or the endpoint asked for it.",
    ),
  }),
  blocked: BlockedReport.optional(),
  replays: z.array(ReplayReport),
});
export type WebhookReport = Answer<typeof WebhookReport> & Pick<Settings, "where">;

export interface ReplayRequest {
  /** A position, inclusive, or milliseconds since 1970 from which on events were recorded. */
  readonly from: { readonly position: number } | { readonly time: number };
  readonly to?: { readonly position: number } | { readonly time: number };
}

/** What a replay would send. */
export interface ReplayCount {
  /** Events that would be sent again. */
  readonly events: number;
  /** The last position that was counted: before the range's end if counting took too long. */
  readonly position: number;
  /** The last position that a replay would go to. */
  readonly to: number;
}

export interface PublicKeys {
  readonly keys: readonly { readonly algorithm: "ed25519"; readonly publicKey: string; readonly until?: string }[];
}

/** Why something was not done. */
export interface Refused {
  readonly refused: string;
  /** The request can never be carried out, not just at the moment. */
  readonly invalid?: true;
}

/** A webhook's answer when only code could declare it, but the code that its object runs does not, or not with these variables. */
export const UNKNOWN_WEBHOOK = -1;

export interface WebhookRpc {
  /** Begins after a position of the log. */
  create(subscription: Subscription, position: number): Promise<void>;
  /** Undefined, here and below: the webhook does not exist (any more). */
  report(): Promise<WebhookReport | undefined>;
  /**
   * Takes what is new in the log, and delivers it. Returns the position up to which the webhook takes care of events by itself now, or
   * {@link UNKNOWN_WEBHOOK}.
   */
  wake(): Promise<number>;
  remove(): Promise<void>;
  change(patch: SettingsPatch): Promise<WebhookReport | Refused | undefined>;
  /** The operator's actions, as in `/consumers/{name}/{action}`. `at`: the position to reset to, or that of the one delivery to skip. */
  control(action: ConsumerAction, at?: number): Promise<WebhookReport | Refused | undefined>;
  /** What such an action would do: the deliveries that it concerns, and the position after which events of the log would be delivered. */
  countControl(action: "resume" | "retry" | "skip", at?: number): Promise<{ after: number; deliveries: number } | Refused | undefined>;
  /** Returns the secret now in use, and until when the previous ones sign (RFC 3339). */
  rotate(secret: string): Promise<{ secret: string; previousUntil: string } | Refused | undefined>;
  /** Sends a message that is not an event, now, and returns the outcome. */
  sendTest(): Promise<Outcome | undefined>;
  replay(request: ReplayRequest): Promise<ReplayReport | Refused | undefined>;
  /** How much a replay would send again; sends nothing. */
  countReplay(request: ReplayRequest): Promise<ReplayCount | Refused | undefined>;
  deliveries(request: DeliveriesRequest): Promise<DeliveriesPage | undefined>;
  /** The deliveries of the events at these positions. */
  deliveriesOf(positions: readonly number[]): Promise<DeliveriesOfEvents | undefined>;
  /** Tries a parked or waiting delivery now. Undefined also if the delivery does not exist; refused if it is under way or over. */
  retry(delivery: string): Promise<DeliveryReport | Refused | undefined>;
  /** The same for the parked deliveries between two positions, inclusive: how many, and how many of them are left for the next call. */
  retryParked(from: number, to: number): Promise<{ retried: number; left: number } | undefined>;
  /** How many parked deliveries those are; nothing changes. */
  countParked(from: number, to: number): Promise<number | undefined>;
  /** The keys with which receivers check asymmetric signatures. */
  publicKeys(): Promise<PublicKeys | undefined>;
}
