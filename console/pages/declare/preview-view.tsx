/** The rows that a view would have. */

import { Cell, count, counted } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import type { StoredEvent } from "../../store/event.ts";

type Row = Readonly<Record<string, unknown>>;

interface RowsPreview {
  readonly outcome: "done" | "failed" | "cut";
  readonly error?: { readonly event: StoredEvent; readonly path?: string; readonly message: string };
  readonly exact?: boolean;
  readonly events: readonly { readonly passed?: boolean; readonly outcome?: string; readonly why?: string }[];
  readonly rows: readonly Row[];
  readonly rowCount: number;
}

export function Rows({ preview: { outcome, error, exact, events, rows, rowCount } }: { preview: RowsPreview }) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return (
    <>
      {error ? (
        <div class="failure" role="alert">
          <p>
            <strong>It fails at the event {error.event.type}</strong> of <bdi>{error.event.stream}</bdi>. A view stops there.
          </p>
          <p>
            <code>{error.path}</code> {error.message}
          </p>
        </div>
      ) : null}
      {outcome === "cut" ? <p class="effect">It takes so long that the last events were not tried.</p> : null}
      <p class="dim">
        {events.length === 0
          ? "The log has no event that it follows."
          : `${counted(rowCount, "row")} of ${exact ? "all" : "the latest"} ${counted(events.length, "event")}.`}
      </p>
      {rows.length === 0 ? null : (
        <Table
          label="Rows that it would have"
          rows={rows}
          keyOf={({ id }) => String(id)}
          columns={names.map((name) => ({
            title: name,
            isNumber: rows.every((row) => row[name] === null || row[name] === undefined || typeof row[name] === "number"),
            cell: (row: Row) => <Cell value={row[name]} />,
          }))}
        />
      )}
      {rowCount > rows.length ? <p class="dim">The first {count(rows.length)} are shown.</p> : null}
    </>
  );
}
