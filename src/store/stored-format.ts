/**
 * The version of what each class of objects has stored. Code refuses storage of a newer version than it knows, as after a rollback: it would
 * misread it, or write what the newer code takes for something else (docs/decisions/0035-a-version-of-what-objects-store.md).
 */

import { NEWER_STORAGE } from "../core/platform-errors.ts";

/**
 * The newest version that this code reads and writes. Raise one if code of the version before must not touch what is stored from now on;
 * not for a further table or nullable column that older code can ignore. The code that raises it still reads all earlier versions, and puts
 * the new number under {@link FORMAT_KEY} in the transaction that first writes in the new form.
 */
export const FORMATS = { STREAMS: 2, LOGS: 2, WEBHOOKS: 1, CATALOGS: 1, SOURCES: 1 } as const;

/** Where an object keeps the version: as a number, or {@link formatWith} content. Version 1 wrote none, and costs no row. */
export const FORMAT_KEY = "format";

/**
 * A version with content, for one row instead of two. Code that knows only numbers refuses it like the number: an array of one number compares
 * like that number, and storage keeps an array's named members.
 */
export function formatWith(version: number, content: unknown): unknown {
  return Object.assign([version], { content });
}

/** The content that is stored with the version, if there is any. */
export function contentOf(stored: unknown): unknown {
  return (stored as { readonly content?: unknown } | undefined)?.content;
}

/**
 * Call it in an object's constructor, before anything else is read.
 *
 * @throws {Error} when the storage is of a newer version than this code knows
 */
export function requireKnownFormat({ storage }: DurableObjectState, part: keyof typeof FORMATS): void {
  const stored = Number(storage.kv.get(FORMAT_KEY) ?? 1);
  const known = FORMATS[part];
  if (stored > known)
    throw new Error(
      `${NEWER_STORAGE}: version ${stored} of what ${part} store, and this code knows ${known}. Deploy code that knows ${stored}`,
    );
}
