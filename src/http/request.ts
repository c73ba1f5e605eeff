/** Reads requests: their paths, conditions, preferences, and queries, checked by schemas. `body.ts` reads bodies. */

import { listed } from "../core/issue.ts";
import type { HeadspringEnv } from "../store/env.ts";
import type { Context, Next } from "hono";
import * as z from "zod";
import { IDEMPOTENCY_KEY_BYTES } from "./limits.ts";
import { MAX_POSITION, WAIT_SECONDS } from "../core/limits.ts";
import { DEFAULT_STORE, STORE_NAME, streamIdProblem } from "../core/names.ts";
import { newId } from "../core/ids.ts";
import type { Store } from "../store/store.ts";
import { isSchema, schemaType } from "../core/zod-form.ts";
import { parseTraceparent, traceIdOf } from "../telemetry/trace.ts";
import { parseData } from "../core/parse-data.ts";
import { Problem } from "./problem.ts";

export interface HttpEnv {
  readonly Bindings: HeadspringEnv;
  /** The store that the path names. Only routes about a store have it. */
  readonly Variables: { readonly store: Store };
}

export type HttpContext = Context<HttpEnv>;

/** A whole number from a query string, such as a position or a version. */
export const WholeNumber = z
  .string()
  .regex(/^\d{1,16}$/, "a whole number")
  .transform(Number)
  .refine((number) => number <= MAX_POSITION, "too large");

/** Yes or no, from a query string: `true` or `false`, and no if it is left out. */
export const Flag = z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false);

/** The query of a call that can be tried: `dryRun=true` says what it would do, and does nothing. */
export const DryRunQuery = z.object({ dryRun: Flag });

/** A page's size, up to a maximum. */
export function limitOf(maximum: number, otherwise: number) {
  return WholeNumber.refine((limit) => limit >= 1 && limit <= maximum, `from 1 to ${maximum}`).default(otherwise);
}

/** The store that the request is about. */
export function storeOf(context: HttpContext): Store {
  return context.get("store");
}

/** The name of a store in the path. */
export function storeNameOf(context: HttpContext): string {
  const store = context.req.param("store") ?? DEFAULT_STORE;
  if (!STORE_NAME.test(store)) throw new Problem("invalid-request", `the name of a store must match ${STORE_NAME.source}`);
  return store;
}

/**
 * Refuses paths and queries that are not percent-encoded UTF-8. Decoders leave what they cannot read as it is, so that `caf%E9` and
 * `caf%25E9` would be one stream.
 */
export async function requireReadableUrl(context: HttpContext, next: Next): Promise<void> {
  const { url } = context.req.raw;
  if (url.includes("%")) {
    try {
      decodeURIComponent(url);
    } catch {
      throw new Problem("invalid-path", "the path or the query is not percent-encoded UTF-8; encode a percent sign as %25");
    }
  }
  await next();
}

/** A store whose name is not valid has no routes, not even those that are the same in all stores. */
export async function requireStoreName(context: HttpContext, next: Next): Promise<void> {
  storeNameOf(context);
  await next();
}

/** The stream id that the path names. */
export function streamIdOfPath(context: HttpContext): string {
  const id = context.req.param("id") ?? "";
  const problem = streamIdProblem(id);
  if (problem) throw new Problem("invalid-request", problem);
  return id;
}

/** The query string's parameters, with all values of each, in their order. */
export function parametersOf(context: HttpContext): Map<string, string[]> {
  if (!context.req.url.includes("?")) return new Map();
  const { searchParams } = new URL(context.req.url);
  return new Map([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]));
}

export function saidOften(name: string, values: readonly string[]): Problem {
  return new Problem("invalid-request", `${name} can be given once, not ${values.length} times`);
}

/** The query's parameters, by this schema. Unknown ones are errors, and so are several values for a parameter that takes one. */
export function queryOf<Schema extends z.ZodObject>(context: HttpContext, schema: Schema): z.output<Schema> {
  const values = Object.fromEntries(
    [...parametersOf(context)].map(([name, all]) => {
      if (isRepeatable(Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined)) return [name, all];
      if (all.length > 1) throw saidOften(name, all);
      return [name, all[0]];
    }),
  );
  return checked(schema.strict(), values, "a query parameter is not valid") as z.output<Schema>;
}

function isRepeatable(field: unknown): boolean {
  return isSchema(field) && field.type === "optional" && schemaType((field as z.ZodOptional).unwrap()) === "array";
}

/** The value as this schema outputs it, or a problem that shows where it is wrong. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, detail: string): z.output<Schema> {
  const parsed = parseData(schema, value);
  if ("data" in parsed) return parsed.data as z.output<Schema>;
  const { issues } = parsed;
  throw new Problem("invalid-request", `${detail}: ${listed(issues)}`, { issues });
}

/** Milliseconds that `Prefer: wait=N` asks for, or undefined. More than the maximum counts as the maximum. */
export function waitMsOf(context: HttpContext): number | undefined {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i.exec(context.req.header("prefer") ?? "")?.[1];
  return wait === undefined ? undefined : Math.min(Number(wait), WAIT_SECONDS) * 1_000;
}

/** Whether the client prefers to ask for the outcome later (RFC 7240). */
export function prefersAsync(context: HttpContext): boolean {
  return /(?:^|[,;\s])respond-async(?:$|[,;\s])/i.test(context.req.header("prefer") ?? "");
}

/** The visible characters of ASCII, and the space within a value. */
const VISIBLE_ASCII = /^[\u0020-\u007e]*$/;

/**
 * The header's value, if it is ASCII. Bytes that are not UTF-8 arrive as U+FFFD, and some clients send Latin-1: "Müller" and "Möller" would
 * be the same value.
 *
 * @throws {Problem} when it has another byte
 */
export function asciiHeader(context: HttpContext, name: string): string | undefined {
  const value = context.req.header(name);
  if (value === undefined || VISIBLE_ASCII.test(value)) return value;
  throw new Problem(
    "invalid-header",
    `${name} has a byte outside of visible ASCII: percent-encode its value as UTF-8, such as %C3%BC for ü`,
    { header: name },
  );
}

/** The client's own name for this request. */
export function idempotencyKeyOf(context: HttpContext): string | undefined {
  const key = asciiHeader(context, "Idempotency-Key");
  if (key === undefined) return undefined;
  if (key === "" || key.length > IDEMPOTENCY_KEY_BYTES) {
    throw new Problem("invalid-request", `an Idempotency-Key must have 1 to ${IDEMPOTENCY_KEY_BYTES} characters`);
  }
  // It is a command's id, and so part of the path of its outcome.
  if (key === "." || key === "..")
    throw new Problem("invalid-request", "an Idempotency-Key must not be `.` or `..`, which URLs cannot carry");
  return key;
}

/** The conversation that a fact belongs to, from `Correlation-Id`. Trace context is kept with a fact, but is not part of it. */
export function correlationIdOf(context: HttpContext): string | undefined {
  const id = asciiHeader(context, "Correlation-Id");
  if (id !== undefined && (id === "" || id.length > IDEMPOTENCY_KEY_BYTES)) {
    throw new Problem("invalid-request", `a Correlation-Id must have 1 to ${IDEMPOTENCY_KEY_BYTES} characters`);
  }
  return id;
}

/** The conversation that a command starts or joins: `Correlation-Id`, else the trace id of `traceparent`. */
export function conversationOf(context: HttpContext): string | undefined {
  return correlationIdOf(context) ?? traceIdOf(traceOf(context));
}

/** The trace that the request belongs to, by its own header; a header that is not valid counts as absent. */
export function traceOf(context: HttpContext): string | undefined {
  return parseTraceparent(context.req.header("traceparent"));
}

/** The platform sets `cf-ray` on requests that come through it; elsewhere any client may. */
const RAY = /^[0-9a-f]{16}(?:-[A-Z]{3})?$/;

/** A name for the request, in the logs and in its problem document: the platform's own if there is one. */
export function requestIdOf(context: HttpContext): string {
  const ray = context.req.header("cf-ray") ?? "";
  return RAY.test(ray) ? ray : newId();
}

/** The current request with other query parameters: for `Link` and `next`. */
export function linkTo(context: HttpContext, parameters: Record<string, string | number>): string {
  const url = new URL(context.req.url);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value));
  return url.pathname + url.search;
}
