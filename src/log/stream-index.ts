/**
 * Questions that the log's one index, (stream, version), answers without reading events: one or two seeks each, however long the log is.
 */

import type { StreamSummary } from "../store/log-protocol.ts";

export class StreamIndex {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Streams in the order of their names, after this one: jumps from name to name, two seeks for each. */
  list(category: string | undefined, after: string, limit: number): StreamSummary[] {
    const prefix = category === undefined ? "" : `${category}/`;
    const found: StreamSummary[] = [];
    let last = after < prefix ? prefix : after;
    while (found.length < limit) {
      const [summary] = this.#sql
        .exec<{ stream: string; version: number; lastPosition: number }>(
          `SELECT stream, version, position AS lastPosition FROM log
           WHERE stream = (SELECT MIN(stream) FROM log WHERE stream > ?)
           ORDER BY version DESC LIMIT 1`,
          last,
        )
        .toArray();
      if (!summary?.stream.startsWith(prefix)) break;
      found.push(summary);
      last = summary.stream;
    }
    return found;
  }

  /** The last version of a stream at a position up to this one; if it began later, one less than its first version. */
  versionAt(stream: string, position: number): number {
    const { first, last } = this.#sql
      .exec<{ first: number | null; last: number | null }>(
        `SELECT (SELECT MIN(version) FROM log WHERE stream = ?) AS first, (SELECT MAX(version) FROM log WHERE stream = ?) AS last`,
        stream,
        stream,
      )
      .one();
    let low = (first ?? 1) - 1;
    let high = (last ?? 0) + 1;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.positionOf(stream, middle) <= position) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The position of a version that the log has. */
  positionOf(stream: string, version: number): number {
    return this.#sql.exec<{ position: number }>(`SELECT position FROM log WHERE stream = ? AND version = ?`, stream, version).one()
      .position;
  }
}
