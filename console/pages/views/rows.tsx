/** A page of a view's rows, sorted and filtered, and its changes as they happen: rows stay in their place while one reads. */

import { Link } from "wouter-preact";
import { useEffect, useState } from "preact/hooks";
import type { HeadspringError } from "headspring/client";
import { Empty } from "../../parts/empty.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Cell, counted } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { useQuery } from "../../store/location.ts";
import { query, segments, to } from "../../store/paths.ts";
import { useResource } from "../../store/resource.ts";
import { call, client } from "../../store/store.ts";
import { type Column, conditionsOf } from "./columns.ts";
import { Filters } from "./filters.tsx";

type Row = Readonly<Record<string, unknown>>;

interface RowPage {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
  readonly next?: string;
  /** Where the changes after it begin. */
  readonly live: string | null;
}

/** What has happened since the page was read: rows by key, null for one that is gone. */
type Changes = ReadonlyMap<string, Row | null>;

/** Columns that are shown of members that the schema does not name. */
const OTHERS = 8;

export function Rows({ view, keyColumn, columns }: { view: string; keyColumn: string; columns: readonly Column[] }) {
  const [parameters, change] = useQuery();
  const where = parameters.getAll("where");
  const sort = parameters.get("sort") ?? "";
  const cursor = parameters.get("cursor") ?? undefined;
  const conditions = conditionsOf(where);
  const path = `${segments("views", view)}${query({ ...conditions, sort, cursor })}`;
  const page = useResource<RowPage>(path, async (signal) => {
    const { body, headers } = await call(path, { signal });
    return { ...body, live: headers.get("headspring-live") };
  });
  const [changes, trouble] = useChanges(view, conditions, page.value?.live, page.reload);
  const keyOf = (row: Row) => String(row[keyColumn]);
  const again = () => (cursor === undefined ? page.reload() : change({ cursor: undefined }));
  return (
    <>
      <Filters columns={columns} where={where} onChange={(next) => change({ where: next, cursor: undefined }, true)} />
      <Remote of={page} lines={12}>
        {({ rows, hasMore, next }) => {
          const shown = new Set(rows.map(keyOf));
          const elsewhere = [...changes.keys()].filter((key) => !shown.has(key)).length;
          return (
            <>
              {rows.length === 0 ? (
                <Empty title={where.length > 0 ? "No row fits these conditions" : "This view has no rows yet"}>
                  {where.length > 0 ? (
                    <button type="button" onClick={() => change({ where: undefined, cursor: undefined }, true)}>
                      Take the conditions away
                    </button>
                  ) : (
                    <p>
                      The first event that it follows makes one. <Link href="/commands">Send one</Link>
                    </p>
                  )}
                </Empty>
              ) : (
                <Table
                  label={`Rows of ${view}`}
                  rows={rows.map((row) => changes.get(keyOf(row)) ?? row)}
                  keyOf={keyOf}
                  isMarked={(row) => changes.has(keyOf(row))}
                  columns={[...columns, ...othersOf(rows, columns)].map(({ name, kind }) => ({
                    title:
                      kind === "json" ? (
                        name
                      ) : (
                        <Sorting name={name} sort={sort} onSort={(by) => change({ sort: by, cursor: undefined }, true)} />
                      ),
                    isNumber: kind === "number",
                    cell: (row: Row) =>
                      name === keyColumn ? (
                        <>
                          <Link href={to.view(view) + query({ where, sort, cursor, key: keyOf(row) })}>
                            <bdi>{keyOf(row) || "(empty)"}</bdi>
                          </Link>
                          {changes.get(keyOf(row)) === null ? <span class="dim"> gone</span> : null}
                        </>
                      ) : (
                        <Cell value={row[name]} />
                      ),
                  }))}
                />
              )}
              <Pager
                toFirst={cursor === undefined ? undefined : () => change({ cursor: undefined }, true)}
                toNext={hasMore ? () => change({ cursor: next }, true) : undefined}
              >
                <span class="dim" aria-live="polite">
                  {trouble ??
                    (elsewhere > 0
                      ? `${counted(elsewhere, "other row has", "other rows have")} changed. `
                      : "Changes appear as they happen.")}
                </span>
                {elsewhere > 0 || trouble !== undefined ? (
                  <button type="button" class="plain" onClick={again}>
                    Read again
                  </button>
                ) : null}
              </Pager>
            </>
          );
        }}
      </Remote>
    </>
  );
}

function Sorting({ name, sort, onSort }: { name: string; sort: string; onSort: (sort: string) => void }) {
  const isDown = sort === `-${name}`;
  const isUp = sort === name;
  return (
    <button type="button" class="plain sort" onClick={() => onSort(isUp ? `-${name}` : isDown ? "" : name)}>
      {name}
      <span aria-hidden="true">{isUp ? " ↑" : isDown ? " ↓" : ""}</span>
      {isUp || isDown ? <span class="unseen"> sorted {isUp ? "ascending" : "descending"}</span> : null}
    </button>
  );
}

/** Members of the rows that no column shows: such as those of a view that keeps the latest data. */
function othersOf(rows: readonly Row[], columns: readonly Column[]): Column[] {
  const known = new Set(columns.map(({ name }) => name));
  const names = new Set(rows.flatMap((row) => Object.keys(row)).filter((name) => !known.has(name)));
  return [...names].slice(0, OTHERS).map((name) => ({ name, kind: "json" }));
}

/** The changes since a page was read. When the view was built again, the page is read again. */
function useChanges(
  view: string,
  conditions: Readonly<Record<string, readonly string[]>>,
  live: string | null | undefined,
  reload: () => void,
): [Changes, string | undefined] {
  const [changes, setChanges] = useState<Changes>(new Map());
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    setChanges(new Map());
    setTrouble(undefined);
    if (!live) return;
    const abort = new AbortController();
    const follow = async () => {
      try {
        for await (const one of client().views[view]!.live(conditions as Readonly<Record<string, never>>, {
          after: live,
          signal: abort.signal,
        })) {
          if (one.type === "rows") return reload();
          setChanges((before) => new Map(before).set(one.key, one.type === "row" ? one.row : null));
        }
      } catch (error) {
        if (!abort.signal.aborted) setTrouble((error as HeadspringError).message);
      }
    };
    void follow();
    return () => abort.abort();
  }, [view, JSON.stringify(conditions), live]);
  return [changes, trouble];
}
