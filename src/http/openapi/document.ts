/** The OpenAPI document of an app, made from its declarations and the schemas that check its requests. */

import { description as about, license, version } from "../../../package.json";
import type { App } from "../../definitions/app.ts";
import { DefinitionsInCode } from "../../definitions/in-code.ts";
import { DEFAULT_STORE, STORE_NAME } from "../../core/names.ts";
import { rightFor } from "../auth.ts";
import type { Right } from "../auth-caller.ts";
import { type ProblemCode, kindOfProblem } from "../problem.ts";
import { defineEvents, operationsOf, tagsOf } from "./declared.ts";
import {
  type Answer,
  type Content,
  type Operation,
  PATH_PARAMETERS,
  PROBLEMS_OF_ALL,
  PROBLEMS_OF_BODIES,
  PROBLEMS_OF_HEADERS,
  REQUEST_HEADERS,
  RESPONSE_HEADERS,
} from "./operation.ts";
import { OPERATIONS, TAGS } from "./operations.ts";
import { type JsonSchema, Schemas } from "./schema.ts";

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export type Media = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly required: true; readonly content: Media };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Media }>>;
  /** The right that the token needs; without one any token will do; empty: no token is needed. */
  readonly security: readonly { readonly bearer: readonly [] | readonly [Right] }[];
  readonly servers?: readonly object[];
}

export interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly license: object; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
  };
}

const documents = new WeakMap<App, OpenApi>();
const documentsOfQueries = new WeakMap<App, OpenApi>();

/**
 * The document, made once per isolate.
 *
 * @param options `queriesOnly`: of a worker that serves nothing else
 */
export function openApiOf(app: App, { queriesOnly = false } = {}): OpenApi {
  const known = queriesOnly ? documentsOfQueries : documents;
  const document = known.get(app) ?? makeDocument(app, queriesOnly);
  known.set(app, document);
  return document;
}

/** The paths of a worker that only answers queries, where they are read. A test compares them with its routes. */
const QUERIES = /^\/(?:views(?:\/.*)?|caller|problems(?:\/.*)?|health|docs|openapi\.json)?$/;

function isQuery({ method, path }: Operation): boolean {
  return (method === "get" || method === "head") && QUERIES.test(path);
}

function makeDocument(app: App, queriesOnly: boolean): OpenApi {
  const inCode = new DefinitionsInCode(app);
  const schemas = new Schemas();
  const all = [...operationsOf(inCode, schemas, queriesOnly), ...OPERATIONS];
  const operations = queriesOnly ? all.filter(isQuery) : all;
  const isUsed = (tag: string) => !queriesOnly || operations.some((operation) => operation.tag === tag);
  defineEvents(inCode, schemas);
  const paths: Record<string, Record<string, DocumentedOperation>> = {};
  for (const operation of operations) (paths[operation.path] ??= {})[operation.method] = describe(operation, schemas);
  const document = {
    openapi: "3.1.1",
    info: {
      title: "Headspring",
      version,
      license: { name: license, identifier: license },
      description: `${about}\n\nEvery path but those of the tag Service also exists under \`/stores/{store}\`; without it the store is \`${DEFAULT_STORE}\`.`,
    },
    servers: [
      { url: "/", description: `The store \`${DEFAULT_STORE}\`` },
      {
        url: "/stores/{store}",
        description: "Any store",
        variables: { store: { default: DEFAULT_STORE, description: `${PATH_PARAMETERS.store} It matches \`${STORE_NAME.source}\`.` } },
      },
    ],
    tags: Object.entries({ ...tagsOf(inCode), ...TAGS })
      .filter(([name]) => isUsed(name))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.components,
      parameters: Object.fromEntries(
        Object.entries(REQUEST_HEADERS).map(([name, description]) => [
          name,
          { name, in: "header", description, schema: { type: "string" } },
        ]),
      ),
      headers: Object.fromEntries(
        Object.entries(RESPONSE_HEADERS).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
      ),
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "a token, or a JWT",
          description:
            "A token, or a JWT of an issuer that the deployment trusts, that has the right which the operation names, for the store; if it is narrowed, also for the category, aggregate, command or view in the path. `npm start` needs no token.",
        },
      },
    },
  } as OpenApi;
  return queriesOnly ? { ...document, components: usedIn(document) } : document;
}

/** The components that the paths refer to, and those that these refer to. */
function usedIn({ paths, components }: OpenApi): OpenApi["components"] {
  const all = components as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const used: Record<string, Record<string, unknown>> = { securitySchemes: { ...all.securitySchemes } };
  const follow = (part: unknown) => {
    for (const [, kind = "", name = ""] of JSON.stringify(part).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
      const known = (used[kind] ??= {});
      const component = all[kind]?.[name];
      if (name in known || component === undefined) continue;
      known[name] = component;
      follow(component);
    }
  };
  follow(paths);
  return used as unknown as OpenApi["components"];
}

function describe(operation: Operation, schemas: Schemas): DocumentedOperation {
  const { operationId, summary, description, method, path, tag, headers = [], body, answers, ofService, open } = operation;
  return {
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(ofService ? { servers: [{ url: "/" }] } : {}),
    security: open ? [] : [{ bearer: rightsFor(method, path) }],
    parameters: [
      ...pathParameters(operation),
      ...queryParameters(operation, schemas),
      ...headers.map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...(body ? { requestBody: { required: true, content: mediaOf(body, schemas) } } : {}),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, schemas)])),
      ...problemsOf(operation),
    },
  };
}

function rightsFor(method: string, path: string): [] | [Right] {
  const right = rightFor(method.toUpperCase(), path);
  return right === undefined ? [] : [right];
}

function answerOf({ description, headers = [], content }: Answer, schemas: Schemas) {
  return {
    description,
    ...(headers.length > 0 ? { headers: Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }])) } : {}),
    ...(content ? { content: mediaOf(content, schemas) } : {}),
  };
}

function mediaOf(content: Content, schemas: Schemas): Media {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema: schemas.ofOurs(schema) }]));
}

function pathParameters({ path }: Operation): Parameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => {
    return { name, in: "path", required: true, description: PATH_PARAMETERS[name] ?? "", schema: { type: "string" } };
  });
}

function queryParameters({ query, notes = {} }: Operation, schemas: Schemas): Parameter[] {
  return Object.entries(query?.shape ?? {}).map(([name, field]) => {
    const otherwise = field.safeParse(undefined).data;
    const { description, ...schema } = {
      ...schemas.ofOurs(field),
      ...(otherwise === undefined || otherwise === "" ? {} : { default: otherwise }),
      ...(typeof otherwise === "boolean" ? { type: "boolean" } : {}),
      ...notes[name],
    } as JsonSchema;
    return { name, in: "query", ...(typeof description === "string" ? { description } : {}), schema };
  });
}

/** The problem documents that an operation may answer with, by status. */
function problemsOf({ problems = [], headers = [], body, open }: Operation): DocumentedOperation["responses"] {
  const takesText = headers.includes("Idempotency-Key") || headers.includes("Correlation-Id");
  const codes = new Set<ProblemCode>([
    ...problems,
    ...(body ? PROBLEMS_OF_BODIES : []),
    ...(takesText ? PROBLEMS_OF_HEADERS : []),
    ...(open ? [] : PROBLEMS_OF_ALL),
  ]);
  const byStatus = Map.groupBy(codes, (code) => kindOfProblem(code).status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => {
      const description = codes.map((code) => `\`${code}\`: ${kindOfProblem(code).title}`).join(". ");
      const schema = { allOf: [{ $ref: "#/components/schemas/Problem" }, { properties: { code: { enum: codes } } }] };
      return [status, { description: `${description}.`, content: { "application/problem+json": { schema } } }];
    }),
  );
}
