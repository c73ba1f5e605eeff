/** `view`: rows as a table, one row, a named query, or changes as they happen. */

import type { Command } from "commander";
import type { Change, Page } from "../client/view-types.ts";
import { ViewHandle } from "../client/views.ts";
import { UsageError } from "./failure.ts";
import { withExamples } from "./examples.ts";
import { countOf } from "./input.ts";
import { type Session, acting } from "./session.ts";
import { note, paint, print, printPretty, printTable, shown, toJson } from "./terminal.ts";

/** Rows of a page, unless the call says otherwise: as the API has it. */
const PAGE_ROWS = 50;

type Row = Readonly<Record<string, unknown>>;
type Conditions = Record<string, string[]>;

interface ViewFlags {
  readonly live?: boolean;
  readonly sort?: string;
  readonly limit: number;
  readonly all?: boolean;
  readonly query?: string;
  readonly after?: number;
}

export function addViewCommands(program: Command): void {
  withExamples(
    program
      .command("view <name> [key-and-conditions...]")
      .usage("<name> [key] [column=value …]")
      .description("rows of a view")
      .option("--sort <columns>", "columns, with commas between them; -column is descending")
      .option("--limit <count>", "at most so many rows, up to 200", countOf("--limit"), PAGE_ROWS)
      .option("--all", "all rows, page by page")
      .option("--query <name>", "a named query; column=value are its parameters")
      .option("--after <position>", "the rows must show the events up to this position", countOf("--after"))
      .option("--live", "the rows, then each that changes")
      .action(acting(view)),
    "view stock",
    "view stock apple",
    "view stock available.lt=5 --sort=-available",
    "view customer-totals --query top count=3",
    "view stock available.lt=5 --live",
  );
}

async function view(session: Session, [name, given]: [string, string[]], flags: ViewFlags): Promise<void> {
  const handle = new ViewHandle(session.connection, name);
  const { key, conditions } = partsOf(given);
  const after = flags.after === undefined ? {} : { after: flags.after };
  if (flags.query !== undefined) {
    if (key !== undefined) throw new UsageError(`a named query takes parameters such as count=3, not "${key}"`);
    return printRows((await handle.query(flags.query, conditions, after)) as Row[], session);
  }
  if (flags.live) return live(handle, key, conditions, session);
  if (key !== undefined) return printRow(key, await handle.get(key, after), session);
  const sort = flags.sort === undefined ? {} : { sort: flags.sort };
  if (flags.all) {
    const rows: Row[] = [];
    for await (const row of handle.all(conditions, { ...sort, ...after })) {
      if (session.isJson) print(toJson(row));
      else rows.push(row);
    }
    if (!session.isJson) printRows(rows, session);
    return;
  }
  const page = (await handle.list(conditions, { ...sort, ...after, limit: flags.limit })) as Page<Row>;
  printRows(page.rows, session);
  if (page.hasMore && !session.isJson) note("there are more rows: --all shows them");
  if (page.stale && !session.isJson) note("the view is being built again: these rows are of its earlier definition");
}

/** A column's condition: a name, perhaps an operator, an equals sign. */
const CONDITION = /^([A-Za-z_][\w-]*(?:\.[a-z-]+)?)=(.*)$/s;

/** The key comes first, unless it looks like a condition. */
function partsOf(given: readonly string[]): { key: string | undefined; conditions: Conditions } {
  const conditions: Conditions = {};
  let key: string | undefined;
  for (const [index, one] of given.entries()) {
    const [, column, value] = CONDITION.exec(one) ?? [];
    if (column !== undefined) (conditions[column] ??= []).push(value!);
    else if (index === 0) key = one;
    else throw new UsageError(`"${one}" is no condition such as column=value`);
  }
  if (key !== undefined && given.length > 1) throw new UsageError("a key or conditions, but not both");
  return { key, conditions };
}

function printRow(key: string, row: Row | undefined, { isJson }: Session): void {
  if (row === undefined) throw new Error(`there is no row with the key ${key}`);
  if (isJson) print(toJson(row));
  else printPretty(row);
}

function printRows(rows: readonly Row[], { isJson }: Session): void {
  if (isJson) for (const row of rows) print(toJson(row));
  else if (rows.length === 0) note("no rows");
  else printTable(rows);
}

async function live(handle: ViewHandle, key: string | undefined, conditions: Conditions, session: Session): Promise<void> {
  const { isJson } = session;
  if (key !== undefined) {
    for await (const row of handle.watch(key)) print(row === undefined ? (isJson ? "null" : paint("red", "no such row")) : toJson(row));
    return;
  }
  for await (const change of handle.live(conditions)) {
    if (isJson) print(toJson(change.type === "rows" ? { type: "rows", rows: [...change.rows.values()] } : change));
    else printChange(change, session);
  }
}

function printChange(change: Change<Row>, session: Session): void {
  if (change.type === "rows") printRows([...change.rows.values()], session);
  else if (change.type === "row") print(`${paint("green", "+")} ${shown(change.key)}  ${toJson(change.row)}`);
  else print(`${paint("red", "-")} ${shown(change.key)}`);
}
