/** A call as a line for a shell. The token stays out of it: `$TOKEN` takes its place. */

import { apiBase, token } from "./store.ts";

export interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** In this store. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export function curlOf({ method = "GET", path, headers = {}, body }: Call): string {
  const isImplied = method === "GET" || (method === "POST" && body !== undefined);
  return [
    `curl${isImplied ? "" : ` -X ${method}`} ${quoted(location.origin + apiBase + path)}`,
    ...(token.value === "" ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(body))}`]),
  ].join(" \\\n  ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
