/**
 * The first calls of an app that runs: a command, or a fact where there are no commands, then its stream, a view and the log. They work
 * when they are sent in this order: the store itself is asked about each write before it is shown, without storing anything.
 */

import type { JsonSchema } from "../../schemas/json-schema.ts";
import { examplesOf } from "./example.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- its shape depends on the path
  readonly body: any;
}

/** Sends a request to the store. */
export type Ask = (call: Call) => Promise<Answer>;

/** The store refuses to describe the app. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`the store answers ${answer.status}`);
    this.answer = answer;
  }
}

/** Bodies that are tried for one command or event type. */
const BODIES = 4;
/** Requests that asking may take. Ours: a second. */
const REQUESTS = 60;
/** A version that no stream has: an append on this condition stores nothing, and is refused for its data first. */
const NO_VERSION = Number.MAX_SAFE_INTEGER;

/** What `GET /app` has, as far as it matters here. */
interface AppReport {
  readonly categories: readonly { readonly name: string; readonly kind: "aggregate" | "plain"; readonly commands?: readonly string[] }[];
  readonly views: readonly {
    readonly name: string;
    readonly follows: readonly { readonly category: string; readonly types?: readonly string[] }[];
  }[];
}

/** A write that the store would accept. */
interface Write {
  readonly calls: readonly Call[];
  readonly category: string;
  readonly id: string;
  readonly types: readonly string[];
}

/**
 * @param prefix the path of the store: empty, or `/stores/{store}`
 * @throws {Refusal} when the store does not describe the app, for example because it wants a token
 */
export async function firstCallsOf(ask: Ask, prefix: string): Promise<Call[]> {
  const get = async (path: string) => {
    const answer = await ask({ method: "GET", path });
    if (answer.status !== 200) throw new Refusal(answer);
    return answer.body as unknown;
  };
  const [app, openApi, log] = await Promise.all([get(`${prefix}/app`), get("/openapi.json"), get(`${prefix}/log/head`)]);
  const { categories, views } = app as AppReport;
  let left = REQUESTS;
  const asking: Asking = {
    ask: (call) => (left-- > 0 ? ask(call) : Promise.resolve({ status: 0, body: {} })),
    prefix,
    // Free in an empty store; later free unless somebody has chosen it.
    ids: ["1", String((log as { head: number }).head + 1)],
  };
  const write =
    (await firstCommand(asking, categories, schemasOf(openApi))) ??
    (await firstFact(asking, categories)) ??
    (categories.length === 0 ? firstDeclaration(prefix) : undefined);
  const follows = (view: AppReport["views"][number]) =>
    view.follows.some(({ category, types }) => category === write?.category && (types?.some((type) => write.types.includes(type)) ?? true));
  const view = views.find(follows) ?? views[0];
  return [
    ...(write === undefined ? [] : [...write.calls, { method: "GET", path: `${prefix}/streams/${write.category}/${write.id}` } as const]),
    // The rows as of what was just written.
    ...(view === undefined ? [] : [{ method: "GET", path: `${prefix}/views/${view.name}?consistency=strong` } as const]),
    { method: "GET", path: `${prefix}/log` },
  ];
}

interface Asking {
  readonly ask: Ask;
  readonly prefix: string;
  readonly ids: readonly string[];
}

async function firstCommand({ ask, prefix, ids }: Asking, categories: AppReport["categories"], schemaOf: (path: string) => JsonSchema) {
  for (const { name, commands = [] } of categories) {
    for (const command of commands) {
      for (const body of examplesOf(schemaOf(`/aggregates/${name}/{id}/${command}`), command).slice(0, BODIES)) {
        for (const id of ids) {
          const path = `${prefix}/aggregates/${name}/${id}/${command}`;
          let call: Call = { method: "POST", path, body };
          const tried = () => ask({ ...call, path: `${path}?dryRun=true` });
          let { status, body: answer } = await tried();
          // The aggregate demands a version with each command.
          if (status === 428) {
            call = { ...call, headers: { "If-None-Match": "*" } };
            ({ status, body: answer } = await tried());
          }
          const events = ((answer as { events?: unknown }).events ?? []) as { type: string }[];
          const types = events.map(({ type }) => type);
          if (status === 200 && answer.outcome === "accepted" && types.length > 0)
            return { calls: [call], category: name, id, types } satisfies Write;
          if (status === 400) break; // another stream would not take this body either
        }
      }
    }
  }
  return undefined;
}

async function firstFact({ ask, prefix, ids: [id = "1"] }: Asking, categories: AppReport["categories"]): Promise<Write | undefined> {
  for (const { name, kind } of categories) {
    if (kind !== "plain") continue;
    const { status, body: definition } = await ask({ method: "GET", path: `${prefix}/streams/${name}` });
    if (status !== 200) continue;
    const declared = Object.entries((definition.events ?? {}) as Record<string, JsonSchema>);
    for (const [type, schema] of declared.length > 0 ? declared : [["Noted", true] as const]) {
      for (const data of schema === true ? [{ text: "hello" }] : examplesOf(schema).slice(0, BODIES)) {
        const path = `${prefix}/streams/${name}/${id}`;
        const body = { type, data };
        const answer = await ask({ method: "POST", path, body, headers: { "if-match": `"${NO_VERSION}"` } });
        if (answer.status === 412) return { calls: [{ method: "POST", path, body }], category: name, id, types: [type] };
      }
    }
  }
  return undefined;
}

/** An app without any category: one that is declared over HTTP. */
function firstDeclaration(prefix: string): Write {
  const path = `${prefix}/streams/note`;
  return {
    calls: [
      { method: "PUT", path, body: {} },
      { method: "POST", path: `${path}/1`, body: { type: "Noted", data: { text: "hello" } } },
    ],
    category: "note",
    id: "1",
    types: ["Noted"],
  };
}

/** The schema of a command's body, by the command's path: a schema of its own, whose references begin at itself. */
function schemasOf(openApi: unknown): (path: string) => JsonSchema {
  const { paths, components } = openApi as {
    paths: Readonly<Record<string, { post?: { requestBody?: { content: Readonly<Record<string, { schema: { $ref?: string } }>> } } }>>;
    components: { schemas: Readonly<Record<string, JsonSchema>> };
  };
  return (path) => {
    const reference = paths[path]?.post?.requestBody?.content["application/json"]?.schema.$ref ?? "";
    const schema = components.schemas[reference.replace("#/components/schemas/", "")] ?? false;
    return JSON.parse(JSON.stringify(schema).replaceAll(`"$ref":"${reference}`, '"$ref":"#')) as JsonSchema;
  };
}
