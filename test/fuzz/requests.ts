/** Requests that are nearly right: the example of an operation, spoilt in some places. */

import type { DocumentedOperation, OpenApi } from "../../src/http/openapi/document.ts";
import { type ExampleRequest, REQUESTS } from "../workers/http-openapi/requests.ts";
import { hostileHeader, hostileJson, hostileQueryValue, hostileSegment, mangleBytes, mutateJson, mutatePath } from "./hostile.ts";
import type { Random } from "./random.ts";

export interface FuzzRequest {
  readonly operationId: string;
  readonly method: string;
  /** With its query, as it goes over the wire. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface Target {
  readonly method: string;
  readonly path: string;
  readonly operation: DocumentedOperation;
}

export function targetsOf({ paths }: OpenApi): Target[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** A placeholder for a webhook or an event that was made before. */
const NOBODYS = "01890000-0000-7000-8000-00000000dead";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"];

/** A request to one of the operations, in this store. */
export function fuzzRequest(random: Random, targets: readonly Target[], store: string): FuzzRequest {
  // What an app declares has many operations that are much alike.
  const isDeclared = random.chance(0.4);
  const { method, path, operation } = random.pick(targets.filter((one) => one.operation.operationId.includes(":") === isDeclared));
  const { operationId } = operation;
  const example: ExampleRequest = REQUESTS[operationId] ?? {};
  const draft = {
    method,
    path: (operation.servers ? "" : `/stores/${store}`) + filled(random, path, example),
    query: example.query ?? "",
    // Nobody waits here for what does not come.
    headers: { Prefer: "wait=0", ...example.headers, ...("body" in example ? { "Content-Type": contentTypeOf(operation) } : {}) } as Record<
      string,
      string
    >,
    body: bodyOf(example.body),
  };
  for (let changes = random.below(4); changes > 0; changes--) change(random, draft, operation);
  const { query, body } = draft;
  return {
    operationId,
    method: draft.method,
    path: draft.path + (query === "" ? "" : `?${query}`),
    headers: draft.headers,
    ...(body === undefined ? {} : { body }),
  };
}

type Draft = { method: string; path: string; query: string; headers: Record<string, string>; body: Buffer | undefined };

function change(random: Random, draft: Draft, operation: DocumentedOperation): void {
  const what = random.below(12);
  if (what < 4 && draft.body) draft.body = Buffer.from(mutateText(random, draft.body));
  else if (what === 4) draft.body = mangleBytes(random, draft.body ?? Buffer.from(hostileJson(random)));
  else if (what === 5) draft.path = mutatePath(random, draft.path);
  else if (what < 8) draft.query = changedQuery(random, draft.query, operation);
  else if (what < 11) {
    const [name, value] = hostileHeader(random);
    draft.headers[name] = value;
  } else draft.method = random.pick(METHODS);
}

function mutateText(random: Random, body: Buffer): string {
  return random.chance(0.1) ? hostileJson(random) : mutateJson(random, body.toString());
}

function changedQuery(random: Random, query: string, operation: DocumentedOperation): string {
  const names = operation.parameters.flatMap((one) => ("in" in one && one.in === "query" ? [one.name] : []));
  const name = random.pick([...names, ...names, "surplus", "__proto__", "constructor", "%00", "", "a[b]", "limit", "wait"]);
  const parts = query === "" ? [] : query.split("&").filter((part) => random.chance(0.3) || !part.startsWith(`${name}=`));
  return [...parts, `${name}=${hostileQueryValue(random)}`].join("&");
}

function filled(random: Random, path: string, { path: values = {} }: ExampleRequest): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    if (random.chance(0.15)) return hostileSegment(random);
    const value = values[name] ?? "1";
    return encodeURIComponent(value.startsWith("{") ? NOBODYS : value);
  });
}

function bodyOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

function contentTypeOf({ requestBody }: DocumentedOperation): string {
  return Object.keys(requestBody?.content ?? {})[0] ?? "application/json";
}
