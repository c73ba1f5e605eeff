/** A call as a line of a shell. Pure. */

import { plain } from "../terminal.ts";
import type { Call } from "./first-calls.ts";

export interface Target {
  /** Where the store is, as a person would write it: `localhost:8787`. */
  readonly address: string;
  /** The certificate is the runtime's own: nobody vouches for it. */
  readonly isSelfSigned: boolean;
  /** The variable of the shell that has the token; undefined: none is needed. */
  readonly token: string | undefined;
}

export function curlOf({ method, path, body, headers = {} }: Call, { address, isSelfSigned, token }: Target): string {
  return [
    isSelfSigned ? "curl -sk" : "curl -s",
    ...(token === undefined ? [] : [`-H "Authorization: Bearer $${token}"`]),
    ...(method === "PUT" ? ["-X PUT"] : []),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    quoted(address + path),
    ...(body === undefined ? [] : [`-d ${quoted(plain(spaced(body)))}`]),
  ].join(" ");
}

/** For POSIX shells, in which nothing has a meaning between single quotes. */
function quoted(text: string): string {
  return /^[\w.,:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** JSON as people write it on one line. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, one]) => `${JSON.stringify(name)}: ${spaced(one)}`)
    .join(", ")}}`;
}
