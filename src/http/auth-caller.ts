/** The sender of a request, and its rights: the same for a token of the deployment and for a JWT. */

import type { Scope } from "./auth-scope.ts";
import type { HttpContext } from "./request.ts";

export const RIGHTS = ["read", "write", "admin"] as const;
export type Right = (typeof RIGHTS)[number];

export interface Caller {
  /** A token's name, or a JWT's subject. `decide` gets it, and the events of a command carry it: it contains no secret. */
  readonly by: string;
  /** What answers call it: `token "billing"`. */
  readonly what: string;
  readonly rights: readonly Right[];
  /** Names of stores, or `*` for all. */
  readonly stores: readonly string[];
  /** What it is narrowed to within its stores; absent: it is not. */
  readonly scope?: Scope;
  /** Milliseconds since 1970, from which on the caller is refused; absent: never. What outlives the request ends then, too. */
  readonly until?: number;
}

declare module "hono" {
  interface ContextVariableMap {
    /** Absent: the request needed no token. */
    caller?: Caller;
  }
}

export function callerOf(context: HttpContext): Caller | undefined {
  return context.get("caller");
}

/** What the caller may do in a store: nothing in a store that it is not for. */
export function rightsIn({ rights, stores }: Caller, store: string): readonly Right[] {
  return isForStore(stores, store) ? rights : [];
}

/** Whether these stores of a caller include this one. */
export function isForStore(stores: readonly string[], store: string): boolean {
  return stores.includes("*") || stores.includes(store);
}

/** The sender of a command, as its stream gets it. */
export function sentBy(context: HttpContext): { readonly by?: string } {
  const by = callerOf(context)?.by;
  return by === undefined ? {} : { by };
}
