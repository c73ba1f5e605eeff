/** A webhook declared in code: sends events to one outside URL. Pure: this file knows no runtime. */

import type { RecordedEvent, EventFilter } from "../../core/event.ts";
import { WEBHOOK_IN_FLIGHT, WEBHOOK_RATE } from "../../core/limits.ts";
import { requireName } from "../../core/names.ts";
import { type EventOf, type Followed, requireKnownTypes } from "../followed.ts";
import { headersProblem } from "./headers.ts";
import { targetProblem } from "./target.ts";
import type { Predicate } from "./predicate.ts";

/** Ids of webhooks added at run time begin with this; names in code must not. */
export const WEBHOOK_ID_PREFIX = "wh_";

/** A value, or the name of the variable or secret that holds it. */
type Value = string | { readonly variable: string };

/** How a webhook sends. */
interface Manner {
  readonly description?: string;
  /** The URL to send to, or the name of the variable that holds it. Without a value the webhook is off. */
  readonly url: Value;
  /**
   * The name of the secret (`whsec_…`) that signs deliveries. While it holds several, separated by spaces, all of them sign: that is how to
   * replace it.
   */
  readonly secret: { readonly variable: string };
  /** Also sign with Ed25519; receivers find the public key at `/.well-known/webhooks/{name}`. */
  readonly asymmetric?: boolean;
  /** The body of a delivery: `{type, timestamp, data}` around the event (the default), or one CloudEvent in its JSON format. */
  readonly format?: "event" | "cloudevents";
  /** Sent with every delivery. */
  readonly headers?: Readonly<Record<string, Value>>;
  /** The most deliveries per second. */
  readonly rate?: number;
  /** The most deliveries at the same time; from 1 to 6. Default: 6. */
  readonly concurrency?: number;
  /** Where it begins when it is switched on for the first time: with events from then on (the default), or with all events. */
  readonly start?: "head" | "beginning";
}

export interface WebhookDefinition<From extends Followed, Type extends EventOf<From>["type"]> extends Manner {
  /** The categories whose events it sends. */
  readonly from: From | readonly From[];
  /** The event types that it sends; without it all. */
  readonly types?: readonly Type[];
  /** A condition that an event must also fulfil. Pure: after a crash it may be called again. */
  readonly where?: (event: Extract<EventOf<From>, { readonly type: Type }>) => boolean;
}

/** The condition as data, or as the function of a webhook in code. */
export type Where = Predicate | ((event: RecordedEvent) => boolean);

/** The events that a webhook wants. */
export interface Interest {
  readonly types?: readonly string[];
  readonly categories?: readonly string[];
  readonly where?: Where;
}

/** A name that no webhook has, because a path has it in the place of a webhook's. */
export const NO_WEBHOOK = "deliveries";

/** A webhook, as the engine sees it. */
export interface Webhook<Name extends string = string> extends Manner {
  readonly kind: "webhook";
  readonly name: Name;
  readonly followed: readonly Followed[];
  readonly types?: readonly string[];
  readonly where?: Extract<Where, (...args: never) => unknown>;
  readonly start: "head" | "beginning";
}

/**
 * Declares a webhook. Others can be added at run time with `POST /webhooks`.
 *
 * @throws {TypeError} when the name is not valid, an event is not declared, or a setting is out of bounds
 *
 * @example
 * export const orderReady = webhook("order-ready", {
 *   from: order,
 *   types: ["OrderReady"],
 *   url: { variable: "SHIPPING_URL" },
 *   secret: { variable: "SHIPPING_SECRET" },
 * });
 */
export function webhook<const Name extends string, From extends Followed, Type extends EventOf<From>["type"] = EventOf<From>["type"]>(
  name: Name,
  definition: WebhookDefinition<From, Type>,
): Webhook<Name> {
  requireName("webhook", name);
  if ((name as string) === NO_WEBHOOK)
    throw new TypeError(`no webhook can be named "${NO_WEBHOOK}": GET /webhooks/${NO_WEBHOOK} lists those of some events`);
  const { from, types, where, ...manner } = definition;
  const followed: readonly Followed[] = Array.isArray(from) ? from : [from];
  requireKnownTypes(`webhook "${name}"`, followed, types ?? []);
  requireManner(name, manner);
  return {
    kind: "webhook",
    name,
    followed,
    ...(types ? { types } : {}),
    // It gets events of these categories and types only, as the type of its parameter says.
    ...(where ? { where: where as NonNullable<Webhook["where"]> } : {}),
    ...manner,
    start: manner.start ?? "head",
  };
}

function requireManner(name: string, { url, headers = {}, rate, concurrency }: Manner): void {
  const texts = Object.fromEntries(
    Object.entries(headers).map(([header, value]) => [header, typeof value === "string" ? value : "variable"]),
  );
  const problem =
    (typeof url === "string" ? targetProblem(url, true) : undefined) ??
    headersProblem(texts) ??
    (rate !== undefined && !(rate > 0 && rate <= WEBHOOK_RATE) ? `a rate must be above 0 and at most ${WEBHOOK_RATE}` : undefined) ??
    (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= WEBHOOK_IN_FLIGHT)
      ? `a concurrency must be from 1 to ${WEBHOOK_IN_FLIGHT}`
      : undefined);
  if (problem) throw new TypeError(`webhook "${name}": ${problem}`);
}

/** The webhook's URL in this deployment, or undefined when it is off. */
export function urlOf(webhook: Webhook, variables: object): string | undefined {
  return valueOf(webhook.url, variables);
}

/** The webhook's secret in this deployment. */
export function secretOf(webhook: Webhook, variables: object): string | undefined {
  return valueOf(webhook.secret, variables);
}

/** The webhook's headers in this deployment. Those whose variable is empty, or holds what cannot be sent, are left out. */
export function headersOf(webhook: Webhook, variables: object): Record<string, string> {
  const headers = Object.entries(webhook.headers ?? {}).flatMap(([name, value]) => {
    const text = valueOf(value, variables);
    return text === undefined || headersProblem({ [name]: text }) !== undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(headers);
}

function valueOf(value: Value, variables: object): string | undefined {
  if (typeof value === "string") return value;
  const text = (variables as Record<string, unknown>)[value.variable];
  // A variable whose value was piped in often ends in a line break.
  return typeof text === "string" && text.trim() !== "" ? text.trim() : undefined;
}

/** The events that are offered to it. Its `where` decides which of them it sends. */
export function filterOfWebhook({ followed, types }: Webhook): EventFilter {
  return { categories: followed.map(({ name }) => name), ...(types ? { types } : {}) };
}
