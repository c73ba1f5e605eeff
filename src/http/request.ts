/** Reads requests: bodies with their limits, conditions, preferences, and queries checked by schema. */

import type { Context, Next } from "hono";
import { z } from "zod";
import { isLonger, parseJson } from "../json.ts";
import { IDEMPOTENCY_KEY_BYTES, JSON_DEPTH, MAX_POSITION, WAIT_SECONDS } from "../limits.ts";
import { DEFAULT_STORE, STORE_NAME, streamIdProblem } from "../names.ts";
import type { Expected } from "../protocol.ts";
import { newId } from "../ids.ts";
import { parseTraceparent, traceIdOf } from "../telemetry/trace.ts";
import { issuesOf } from "../streams/decide.ts";
import { Problem } from "./problem.ts";

export type HttpContext = Context<{ Bindings: Env }>;

/** A whole number from a query string, such as a position or a version. */
export const WholeNumber = z
  .string()
  .regex(/^\d{1,16}$/, "a whole number")
  .transform(Number)
  .refine((number) => number <= MAX_POSITION, "too large");

/** A page's size, up to a maximum. */
export function limitOf(maximum: number, otherwise: number) {
  return WholeNumber.refine((limit) => limit >= 1 && limit <= maximum, `from 1 to ${maximum}`).default(otherwise);
}

/** The store that the path names. */
export function storeOf(context: HttpContext): string {
  const store = context.req.param("store") ?? DEFAULT_STORE;
  if (!STORE_NAME.test(store)) throw new Problem("invalid-request", `the name of a store matches ${STORE_NAME.source}`);
  return store;
}

/** Nothing is at a store whose name cannot be one, not even what is the same in all stores. */
export async function requireStoreName(context: HttpContext, next: Next): Promise<void> {
  storeOf(context);
  await next();
}

/** The stream id that the path names. */
export function streamIdOfPath(context: HttpContext): string {
  const id = context.req.param("id") ?? "";
  const problem = streamIdProblem(id);
  if (problem) throw new Problem("invalid-request", problem);
  return id;
}

/** The query's parameters, by this schema; those it does not know are errors. */
export function queryOf<Schema extends z.ZodObject>(context: HttpContext, schema: Schema): z.output<Schema> {
  const repeatable = Object.entries(schema.shape).filter(
    ([, field]) => field instanceof z.ZodOptional && field.unwrap() instanceof z.ZodArray,
  );
  const values: Record<string, string | string[]> = context.req.query();
  for (const [name] of repeatable) {
    const all = context.req.queries(name);
    if (all) values[name] = all;
  }
  return checked(schema.strict(), values, "a query parameter is not valid") as z.output<Schema>;
}

/** The value by this schema, or a problem that says where it is wrong. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, detail: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error);
  throw new Problem(
    "invalid-request",
    `${detail}: ${issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ")}`,
    { issues },
  );
}

/** The text, if it has at most so many bytes of UTF-8. `what` names it in the problem. */
export function bounded(text: string, limit: number, what: string): string {
  if (isLonger(text, limit)) throw new Problem("body-too-large", `${what} may have at most ${limit} bytes`, { limit });
  return text;
}

/** The body as JSON: its text, as it came, and its value. Nothing beyond the limit is read. */
export async function jsonBody(context: HttpContext, maxBytes: number): Promise<{ text: string; value: unknown }> {
  const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  // curl says `application/x-www-form-urlencoded` unless told otherwise: what counts is that the body is JSON.
  if (type !== undefined && !/^application\/(?:[a-z.+-]*\+)?json$|^application\/x-www-form-urlencoded$|^text\/plain$/.test(type)) {
    throw new Problem("unsupported-media-type", `send application/json, not ${type}`);
  }
  const text = await textBody(context, maxBytes);
  try {
    return { text, value: parseJson(text, JSON_DEPTH) };
  } catch (error) {
    throw new Problem("invalid-json", text.trim() === "" ? "the body is empty; send a JSON object" : (error as SyntaxError).message);
  }
}

/** The same of a body that may be left out: then it is an empty object. */
export async function optionalJsonBody(context: HttpContext, maxBytes: number): Promise<unknown> {
  return context.req.raw.body === null || context.req.header("content-length") === "0" ? {} : (await jsonBody(context, maxBytes)).value;
}

function newDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
}

/** For whole texts. One that decodes in pieces keeps the rest of a piece, and is nobody else's. */
const utf8 = newDecoder();

async function textBody(context: HttpContext, maxBytes: number): Promise<string> {
  const tooLarge = () => new Problem("body-too-large", `the body may have at most ${maxBytes} bytes`, { limit: maxBytes });
  const length = context.req.header("content-length");
  if (Number(length ?? 0) > maxBytes) throw tooLarge();
  try {
    // Whoever says how much will come is read at once, which costs a third of reading it piece by piece.
    if (length !== undefined) return utf8.decode(await context.req.raw.arrayBuffer());
    const { body } = context.req.raw;
    if (!body) return "";
    const decoder = newDecoder();
    let text = "";
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw tooLarge();
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    throw bodyProblem(error);
  }
}

/** What is wrong with a body that cannot be read. That its client has gone is no failure of ours, though the platform says so. */
export function bodyProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem("invalid-json", "the body is not valid UTF-8");
  return new Problem("invalid-request", "the body broke off before its end");
}

/** What `If-Match` and `If-None-Match` say about the stream's version. */
export function expectedOf(context: HttpContext): Expected {
  const match = context.req.header("if-match")?.trim();
  const noneMatch = context.req.header("if-none-match")?.trim();
  if (match !== undefined && noneMatch !== undefined) throw new Problem("invalid-request", "send If-Match or If-None-Match, not both");
  if (noneMatch !== undefined) {
    if (noneMatch !== "*") throw new Problem("invalid-request", "a write takes no other If-None-Match than `*`: the stream must not exist");
    return { kind: "absent" };
  }
  if (match === undefined) return { kind: "any" };
  if (match === "*") return { kind: "exists" };
  // Proxies weaken tags: W/"3" counts like "3".
  const version = /^(?:W\/)?"(\d{1,16})"$/.exec(match)?.[1];
  if (version === undefined) throw new Problem("invalid-request", 'If-Match takes one version in quotes, such as "3", or `*`');
  return { kind: "version", version: Number(version) };
}

/** Whether the client of a read has this version already (`If-None-Match`). A weak tag counts like a strong one. */
export function hasVersion(context: HttpContext, version: number): boolean {
  const tags = (context.req.header("if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.some((tag) => tag === "*" || tag === `"${version}"`);
}

/** Milliseconds that `Prefer: wait=N` asks for, or undefined. More than allowed counts as what is allowed. */
export function waitMsOf(context: HttpContext): number | undefined {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i.exec(context.req.header("prefer") ?? "")?.[1];
  return wait === undefined ? undefined : Math.min(Number(wait), WAIT_SECONDS) * 1_000;
}

/** Whether the client would rather ask for the outcome later (RFC 7240). */
export function prefersAsync(context: HttpContext): boolean {
  return /(?:^|[,;\s])respond-async(?:$|[,;\s])/i.test(context.req.header("prefer") ?? "");
}

/** The client's name for this very request. */
export function idempotencyKeyOf(context: HttpContext): string | undefined {
  const key = context.req.header("idempotency-key");
  if (key === undefined) return undefined;
  if (key === "" || key.length > IDEMPOTENCY_KEY_BYTES) {
    throw new Problem("invalid-request", `an Idempotency-Key has 1 to ${IDEMPOTENCY_KEY_BYTES} characters`);
  }
  return key;
}

/** The conversation that a fact belongs to: what `Correlation-Id` says. Trace context stays beside a fact, not in it. */
export function correlationIdOf(context: HttpContext): string | undefined {
  const id = context.req.header("correlation-id");
  if (id !== undefined && (id === "" || id.length > IDEMPOTENCY_KEY_BYTES)) {
    throw new Problem("invalid-request", `a Correlation-Id has 1 to ${IDEMPOTENCY_KEY_BYTES} characters`);
  }
  return id;
}

/** The conversation that a command starts or joins: `Correlation-Id`, else the trace id of `traceparent`. */
export function conversationOf(context: HttpContext): string | undefined {
  return correlationIdOf(context) ?? traceIdOf(traceOf(context));
}

/** The trace that the request belongs to, as it says; what is not valid counts as left out. */
export function traceOf(context: HttpContext): string | undefined {
  return parseTraceparent(context.req.header("traceparent"));
}

/** The platform sets `cf-ray` on what comes through it; elsewhere anybody may. */
const RAY = /^[0-9a-f]{16}(?:-[A-Z]{3})?$/;

/** A name for the request, in the logs and in its problem document: the platform's own where there is one. */
export function requestIdOf(context: HttpContext): string {
  const ray = context.req.header("cf-ray") ?? "";
  return RAY.test(ray) ? ray : newId();
}

/** The current request with other query parameters: what `Link` and `next` carry. */
export function linkTo(context: HttpContext, parameters: Record<string, string | number>): string {
  const url = new URL(context.req.url);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value));
  return url.pathname + url.search;
}
