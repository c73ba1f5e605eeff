/** What clients send about webhooks: the schemas that check it. */

import * as z from "zod";
import { WEBHOOK_IN_FLIGHT, WEBHOOK_RATE } from "../core/limits.ts";
import { WEBHOOK_PAGE_DELIVERIES, WEBHOOK_PAGE_DELIVERIES_DEFAULT, WEBHOOK_POSITIONS } from "./limits.ts";
import { EVENT_TYPE, NAME } from "../core/names.ts";
import { SYSTEM_CATEGORY } from "../definitions/webhooks/events.ts";
import { headersProblem } from "../definitions/webhooks/headers.ts";
import { parseDeliveryId } from "../deliveries/delivery-id.ts";
import { PredicateIn } from "../definitions/webhooks/predicate.ts";
import { secretProblem } from "../webhooks/signature.ts";
import { WholeNumber, limitOf } from "./request.ts";

const Secret = z.string().refine((secret) => secretProblem(secret) === undefined, "`whsec_` and the base64 of 24 to 64 bytes");
const Headers = z.record(z.string(), z.string());
/** Names of headers are case-insensitive: here they are in lower case. */
const lowerCased = <Value>(headers: Record<string, Value>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const Settings = {
  url: z.string().max(2_048),
  types: z.array(z.string().regex(EVENT_TYPE)).min(1).max(100),
  categories: z
    .array(z.string().refine((name) => NAME.test(name) || name === SYSTEM_CATEGORY, `the name of a category, or ${SYSTEM_CATEGORY}`))
    .min(1)
    .max(100),
  // Written by hand, since a schema that contains itself would make the OpenAPI document refer to what it does not have.
  where: z
    .looseObject({})
    .transform((value, context) => {
      const { data, error } = PredicateIn.safeParse(value);
      for (const { path, message } of error?.issues ?? []) context.addIssue({ code: "custom", path, message });
      return data ?? z.NEVER;
    })
    .describe("The condition that an event must meet: `{path, op, value}`, or `and`, `or` and `not` of such conditions."),
  description: z.string().max(1_024),
  rate: z.number().positive().max(WEBHOOK_RATE).describe("The most deliveries per second."),
  concurrency: z.int().min(1).max(WEBHOOK_IN_FLIGHT).describe("The most deliveries under way at once."),
  asymmetric: z.boolean().describe("Also sign with Ed25519; `/.well-known/webhooks/{id}` has the public key."),
  format: z
    .enum(["event", "cloudevents"])
    .describe("The form of a delivery's body: `{type, timestamp, data}`, or one CloudEvent (`application/cloudevents+json`)."),
};

/** A webhook, as clients create it. */
export const WebhookIn = z.strictObject({
  url: Settings.url,
  types: Settings.types.optional(),
  categories: Settings.categories.optional(),
  where: Settings.where.optional(),
  description: Settings.description.optional(),
  headers: Headers.superRefine(complain)
    .transform(lowerCased)
    .optional()
    .describe("Headers to send with every delivery. Their values are not shown again."),
  rate: Settings.rate.optional(),
  concurrency: Settings.concurrency.optional(),
  asymmetric: Settings.asymmetric.optional(),
  format: Settings.format.optional(),
  from: z.union([z.literal("head"), z.int().nonnegative()]).default("head"),
  secret: Secret.optional(),
});

/** A change of it (RFC 7396): null removes a member, an absent one stays. */
export const WebhookPatch = z.strictObject({
  url: Settings.url.optional(),
  types: Settings.types.nullish(),
  categories: Settings.categories.nullish(),
  where: Settings.where.nullish(),
  description: Settings.description.nullish(),
  headers: z
    .record(z.string(), z.string().nullable())
    .superRefine((headers, context) =>
      complain(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value ?? "x"])), context),
    )
    .transform(lowerCased)
    .nullish()
    .describe("Headers are merged by name: null removes one."),
  rate: Settings.rate.nullish(),
  concurrency: Settings.concurrency.nullish(),
  asymmetric: Settings.asymmetric.nullish(),
  format: Settings.format.nullish(),
  paused: z
    .boolean()
    .optional()
    .describe("While a webhook is paused, its events wait in the log. False also switches a webhook back on that was switched off."),
});

export const RotateIn = z.strictObject({ secret: Secret.optional() });

const Time = z.iso.datetime({ offset: true, error: "a position, or a time such as 2026-11-21T06:00:00Z" });

/** A range of positions, inclusive, or of times at which events were recorded: from, and before. */
export const ReplayIn = z.strictObject({
  from: z.union([z.int().positive(), Time]),
  to: z.union([z.int().positive(), Time]).optional(),
});

export const RetryIn = z.strictObject({ from: z.int().positive().optional(), to: z.int().positive().optional() });

export const DeliveriesQuery = z.object({
  status: z.enum(["pending", "delivered", "parked", "skipped"]).optional(),
  after: z
    .string()
    .refine((id) => parseDeliveryId(id) !== undefined, "the id of a delivery")
    .optional(),
  limit: limitOf(WEBHOOK_PAGE_DELIVERIES, WEBHOOK_PAGE_DELIVERIES_DEFAULT),
});

/** Which events' deliveries. */
export const DeliveriesOfEventsQuery = z.object({
  position: z.array(WholeNumber).max(WEBHOOK_POSITIONS, `at most ${WEBHOOK_POSITIONS}`).optional(),
});

function complain(headers: Readonly<Record<string, string>>, context: z.RefinementCtx): void {
  const problem = headersProblem(headers);
  if (problem) context.addIssue({ code: "custom", message: problem });
}
