/** A source that follows a PostgreSQL database. */

import { type SourceKindInCode, sourceKind } from "../../definitions/sources/source.ts";
import type { PostgresChange } from "./change.ts";
import { type PostgresSettings, postgresKind } from "./kind.ts";

export type { PostgresChange } from "./change.ts";
export type { PostgresSettings } from "./kind.ts";

/**
 * Tables of a PostgreSQL database: first the rows that are there, then each change of them, in the order of the commits.
 *
 * @example
 * export const stockTable = source("stock-table", {
 *   from: postgres({ connection: "STOCK_DATABASE", tables: ["stock"] }),
 *   to: stockLevel,
 *   stream: ({ key }) => String(key.sku),
 *   data: ({ key, after }) => ({ sku: key.sku, units: after?.units ?? 0 }),
 * });
 */
export const postgres: SourceKindInCode<PostgresSettings, PostgresChange> = sourceKind(postgresKind);
