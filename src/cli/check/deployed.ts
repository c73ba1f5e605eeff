/** What a running store says about itself. Nothing in its answers is believed without a look: another program may answer there. */

import * as z from "zod";
import { boundedText } from "../../core/bounded-text.ts";
import type { Connection } from "../../client/connection.ts";
import { HeadspringError } from "../../client/problem.ts";

/** Bytes of one answer about definitions. Ours: far more than any app's. */
const ANSWER_BYTES = 32 * 1_048_576;

const Follows = z.array(z.object({ category: z.string(), types: z.array(z.string()) }));
const Report = z.object({
  categories: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      origin: z.string(),
      key: z.string().optional(),
      commands: z.array(z.string()).optional(),
      events: z.array(z.object({ type: z.string(), schemaVersion: z.number().optional() })),
    }),
  ),
  views: z.array(z.object({ name: z.string(), follows: Follows })),
  processors: z.array(z.object({ name: z.string(), kind: z.string(), follows: Follows, emits: z.unknown() })),
  formats: z.record(z.string(), z.number()).optional(),
});
const Views = z.object({ views: z.array(z.object({ name: z.string(), key: z.string(), row: z.record(z.string(), z.unknown()) })) });
const Category = z.object({
  kind: z.string(),
  origin: z.string(),
  removed: z.boolean().optional(),
  key: z.string().optional(),
  events: z.record(z.string(), z.unknown()).optional(),
});

export type DeployedCategory = z.infer<typeof Category>;
/** A category that was retired over HTTP, or undefined: none of that name is known. */
export type FoundCategory = DeployedCategory | "retired" | undefined;

export interface DeployedView {
  readonly name: string;
  readonly key: string;
  /** JSON Schema. */
  readonly row: Readonly<Record<string, unknown>>;
  readonly follows: z.infer<typeof Follows>;
}

export interface Deployed {
  /** The version of the package that it runs. */
  readonly version: string;
  /** Undefined: it is of a version that does not say. */
  readonly formats: Readonly<Record<string, number>> | undefined;
  readonly categories: z.infer<typeof Report>["categories"];
  readonly views: readonly DeployedView[];
  readonly processors: z.infer<typeof Report>["processors"];
  /** How far each consumer is: views, processors and webhooks. */
  readonly consumers: ReadonlyMap<string, { readonly kind: string; readonly position: number }>;
  readonly head: number;
  category(name: string): FoundCategory;
}

/**
 * @param service the deployment, whatever the store
 * @param names the categories whose definitions are asked for
 */
export async function readDeployed(connection: Connection, service: Connection, names: readonly string[]): Promise<Deployed> {
  const [openApi, report, views, metrics, { head }] = await Promise.all([
    answerOf(service, "/openapi.json", z.object({ info: z.object({ version: z.string() }) })),
    answerOf(connection, "/app", Report),
    answerOf(connection, "/views", Views),
    textOf(connection, "/metrics", ANSWER_BYTES, "text/plain"),
    answerOf(connection, "/log/head", z.object({ head: z.int().nonnegative() })),
  ]);
  const inCode = report.categories.filter(({ origin }) => origin === "code").map(({ name }) => name);
  const found = new Map<string, FoundCategory>();
  // One after another: a store limits what one token may ask for at a time.
  for (const name of new Set([...names, ...inCode])) found.set(name, await categoryOf(connection, name));
  const followed = new Map(report.views.map(({ name, follows }) => [name, follows]));
  return {
    version: openApi.info.version,
    formats: report.formats,
    categories: report.categories,
    views: views.views.map((view) => ({ ...view, follows: followed.get(view.name) ?? [] })),
    processors: report.processors,
    consumers: consumersIn(metrics),
    head,
    category: (name) => found.get(name),
  };
}

async function categoryOf(connection: Connection, name: string): Promise<FoundCategory> {
  try {
    return await answerOf(connection, `/streams/${encodeURIComponent(name)}`, Category);
  } catch (error) {
    if (!(error instanceof HeadspringError)) throw error;
    if (error.code === "category-retired") return "retired";
    if (error.code === "unknown-category") return undefined;
    throw error;
  }
}

/** One answer, which is what it should be. @throws {HeadspringError} `unexpected-answer` when it is not */
export async function answerOf<Schema extends z.ZodType>(connection: Connection, path: string, schema: Schema): Promise<z.output<Schema>> {
  const body = await textOf(connection, path);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw unexpected(`${path} is not JSON: ${body.slice(0, 100)}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path: where, message } = parsed.error.issues[0]!;
  throw unexpected(`${path} is not what a Headspring store answers: ${[where.join("."), message].filter(Boolean).join(": ")}`);
}

/** @param accept the form of the answer */
export function textOf(connection: Connection, path: string, maxBytes = ANSWER_BYTES, accept = "application/json"): Promise<string> {
  return connection.sendAs(path, { headers: { accept } }, (response) =>
    boundedText(response.body ?? nothing(), maxBytes, () => unexpected(`the answer to ${path} does not end`), new TextDecoder()),
  );
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Not repeated: it would be the same again. */
export function unexpected(what: string): HeadspringError {
  return new HeadspringError("unexpected-answer", what, 200);
}

const POSITION = /^headspring_consumer_position\{(.*)\} (\d+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** What `GET /metrics` says about consumers: a token that may only read sees them there. */
function consumersIn(metrics: string): Deployed["consumers"] {
  const consumers = new Map<string, { kind: string; position: number }>();
  for (const line of metrics.split("\n")) {
    const [, list, position] = POSITION.exec(line) ?? [];
    if (list === undefined) continue;
    const labels = new Map([...list.matchAll(LABEL)].map(([, label, value]) => [label, value]));
    const [name, kind] = [labels.get("consumer"), labels.get("kind")];
    if (name !== undefined && kind !== undefined) consumers.set(name, { kind, position: Number(position) });
  }
  return consumers;
}
