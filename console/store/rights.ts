/** What the caller may do here, so that a button can say why it is off. The store decides; the page only asks before. */

import { signal } from "@preact/signals";
import { get } from "./store.ts";

export type Right = "read" | "write" | "admin";

/** `GET /caller`. */
export interface Caller {
  /** Null: the store asks for no token. */
  readonly by: string | null;
  readonly rights: readonly Right[];
  readonly stores: readonly string[];
  /** What the token is narrowed to; absent: it is not. */
  readonly narrowed?: {
    readonly categories?: readonly string[];
    readonly aggregates?: readonly string[];
    readonly views?: readonly string[];
  };
}

/** Undefined until it is known. */
export const caller = signal<Caller | undefined>(undefined);

export async function loadCaller(): Promise<void> {
  caller.value = await get<Caller>("/caller");
}

/** Why the caller cannot do what needs this right; undefined: it can. */
export function whyNot(right: Right): string | undefined {
  const { value } = caller;
  if (value === undefined || value.rights.includes(right)) return undefined;
  return `This needs the right “${right}”; ${value.by} has ${value.rights.join(", ") || "none"}.`;
}
