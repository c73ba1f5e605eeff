/** A webhook's configuration, whether it was declared in code or over HTTP. */

import type { Settings, SettingsPatch, Subscription } from "../store/webhook-protocol.ts";
import { secretsOf } from "./secrets.ts";
import { type Interest, type Webhook, headersOf, secretOf, urlOf } from "../definitions/webhooks/webhook.ts";

/** A webhook's settings in use. */
export interface Configuration extends Omit<Settings, "where"> {
  readonly where?: Interest["where"];
  /** Those that sign now, the newest first. */
  readonly secrets: (now: number) => readonly string[];
  readonly createdAt?: string;
}

/** The configuration of the webhook with that id; undefined: it does not exist, or is off in this deployment. */
export function configured(id: string, inCode: Webhook | undefined, variables: object, kv: SyncKvStorage): Configuration | undefined {
  if (inCode) return fromCode(inCode, variables);
  const subscription = kv.get<Subscription>("subscription");
  return subscription?.id === id ? { ...subscription, secrets: (now) => secretsOf(subscription, now) } : undefined;
}

function fromCode(webhook: Webhook, variables: object): Configuration | undefined {
  const [url, secret] = [urlOf(webhook, variables), secretOf(webhook, variables)];
  if (url === undefined || secret === undefined) return undefined;
  const { types, where, description, rate, concurrency, asymmetric, format } = webhook;
  const secrets = secret.split(/\s+/).filter((one) => one !== "");
  return {
    url,
    secrets: () => secrets,
    categories: webhook.followed.map(({ name }) => name),
    headers: headersOf(webhook, variables),
    ...(types ? { types } : {}),
    ...(where ? { where } : {}),
    ...(description === undefined ? {} : { description }),
    ...(rate === undefined ? {} : { rate }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(asymmetric === undefined ? {} : { asymmetric }),
    ...(format === undefined ? {} : { format }),
  };
}

/** The settings as every reader may see them. A predicate in code is not data, and not shown. */
export function shownSettings({
  url,
  types,
  categories,
  where,
  description,
  headers,
  rate,
  concurrency,
  asymmetric,
  format,
  createdAt,
}: Configuration) {
  const names = Object.keys(headers ?? {}).map((name) => name.toLowerCase());
  return {
    url,
    ...(types ? { types } : {}),
    ...(categories ? { categories } : {}),
    ...(where === undefined || typeof where === "function" ? {} : { where }),
    ...(description === undefined ? {} : { description }),
    ...(names.length === 0 ? {} : { headers: names }),
    ...(rate === undefined ? {} : { rate }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(asymmetric ? { asymmetric } : {}),
    ...(format === undefined ? {} : { format }),
    ...(createdAt === undefined ? {} : { createdAt }),
  };
}

/** A JSON merge patch (RFC 7396) of the settings. Headers are merged by their names; everything else is replaced. */
export function patched(subscription: Subscription, { headers: changed, ...patch }: Omit<SettingsPatch, "paused">): Subscription {
  const { headers: before, ...others } = subscription;
  const headers = changed === null ? {} : merged({ ...before, ...changed });
  // The subscription had everything that it requires, and the route does not let any of it be removed.
  const rest = merged({ ...others, ...patch } as object) as Subscription;
  return Object.keys(headers).length === 0 ? rest : { ...rest, headers };
}

function merged<Value>(values: Readonly<Record<string, Value | null | undefined>>): Record<string, Value>;
function merged(values: object): object;
function merged(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
}
