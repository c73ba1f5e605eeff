/**
 * The seam between a snapshot and the log. A page of a table is read at some moment, while the log is read up to an earlier one. The changes
 * between are in both: the page has seen them, and the log still has them. They are recognised by two things: their transaction is visible in
 * the page's snapshot, and their row is in the page. Such a change is left out, because the page's row came before it and is newer.
 *
 * That is exact because a change is given out only once its transaction is visible to everybody (follow.ts): what the source gave out before
 * the page, the page has seen.
 */

import type { RowChange, Texts } from "./decode.ts";
import { type Effect, KEY_HASH_BYTES, keyHash } from "./change.ts";
import type { Seen } from "./cursor.ts";
import { Snapshot } from "./visible.ts";

/** A page that was given out, as long as changes come that it may have seen. */
export class SeenPage {
  readonly stored: Seen;
  readonly #snapshot: Snapshot;
  readonly #keys: ReadonlySet<string>;

  constructor(stored: Seen) {
    this.stored = stored;
    this.#snapshot = new Snapshot(stored.snapshot);
    const bytes = Buffer.from(stored.keys, "base64");
    const keys = new Set<string>();
    for (let at = 0; at < bytes.length; at += KEY_HASH_BYTES) keys.add(bytes.subarray(at, at + KEY_HASH_BYTES).toString("base64url"));
    this.#keys = keys;
  }

  static of(page: Omit<Seen, "keys">, hashes: readonly string[]): SeenPage {
    return new SeenPage({ ...page, keys: Buffer.concat(hashes.map((hash) => Buffer.from(hash, "base64url"))).toString("base64") });
  }

  /**
   * What is left of a change: all of it, a part, or nothing. `again`: the table was emptied after the page had begun to be true, so its
   * snapshot begins again.
   */
  effectOf(change: RowChange, key: readonly string[]): Effect | "again" | undefined {
    if (change.relation.table !== this.stored.table || !this.#snapshot.shows(change.transaction.xid)) return change;
    if (change.op === "truncate") return "again";
    const before = change.old ?? change.key;
    const was = before && this.#has(before, key);
    const is = change.new && this.#has(change.new, key);
    if (change.op === "delete") return was ? undefined : change;
    const isOther =
      before !== undefined && change.new !== undefined && keyHash(before, key) !== keyHash({ ...before, ...defined(change.new) }, key);
    if (change.op === "insert" || !isOther) return is ? undefined : change;
    // An update that gives the row another key is a deletion under the old one and an insertion under the new one.
    if (is)
      return was ? undefined : { op: "delete", ...(change.key ? { key: change.key } : {}), ...(change.old ? { old: change.old } : {}) };
    return was ? { op: "insert", new: change.new } : change;
  }

  #has(texts: Texts, key: readonly string[]): boolean {
    return this.#keys.has(keyHash(texts, key));
  }
}

function defined(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
}
