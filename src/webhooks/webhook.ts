/** A webhook declared in code: events for one outside URL. Pure: this file knows no runtime. */

import { requireName } from "../names.ts";
import { type EventOf, type Source, requireKnownTypes } from "../source.ts";

export interface WebhookDefinition<From extends Source> {
  readonly description?: string;
  /** Whose events it sends. */
  readonly from: From | readonly From[];
  /** Which of them; without it all. */
  readonly types?: readonly NoInfer<EventOf<From>["type"]>[];
  /** Where to: a URL, or the name of the variable that holds it. Without a value the webhook is off. */
  readonly url: string | { readonly variable: string };
  /** The name of the secret (`whsec_…`) that signs. */
  readonly secret: { readonly variable: string };
}

/** A webhook, as the engine sees it. */
export interface Webhook<Name extends string = string> {
  readonly kind: "webhook";
  readonly name: Name;
  readonly description?: string;
  readonly sources: readonly Source[];
  readonly types?: readonly string[];
  readonly url: string | { readonly variable: string };
  readonly secret: { readonly variable: string };
}

/**
 * Declares a webhook. Others can be added at run time with `POST /webhooks`.
 *
 * @throws {TypeError} when the name is not valid or an event is not declared
 *
 * @example
 * export const orderReady = webhook("order-ready", {
 *   from: order,
 *   types: ["OrderReady"],
 *   url: { variable: "SHIPPING_URL" },
 *   secret: { variable: "SHIPPING_SECRET" },
 * });
 */
export function webhook<const Name extends string, From extends Source>(name: Name, definition: WebhookDefinition<From>): Webhook<Name> {
  requireName("webhook", name);
  const { from, types, ...rest } = definition;
  const sources: readonly Source[] = Array.isArray(from) ? from : [from];
  requireKnownTypes(`webhook "${name}"`, sources, types ?? []);
  return { kind: "webhook", name, sources, ...(types ? { types } : {}), ...rest };
}

/** The webhook's URL in this deployment, or undefined when it is off. */
export function urlOf(webhook: Webhook, variables: object): string | undefined {
  if (typeof webhook.url === "string") return webhook.url;
  return textVariable(variables, webhook.url.variable);
}

/** The webhook's secret in this deployment. */
export function secretOf(webhook: Webhook, variables: object): string | undefined {
  return textVariable(variables, webhook.secret.variable);
}

function textVariable(variables: object, name: string): string | undefined {
  const value = (variables as Record<string, unknown>)[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
