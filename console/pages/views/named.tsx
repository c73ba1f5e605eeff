/** A named query: its parameters, and the rows that it answers with. */

import { useState } from "preact/hooks";
import { Empty } from "../../parts/empty.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Cell } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { query as queryOf, segments } from "../../store/paths.ts";
import { useGet, useResource } from "../../store/resource.ts";
import { getService } from "../../store/store.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: { readonly default?: unknown; readonly type?: unknown };
}

/** What the API's description says of one path. */
interface Described {
  readonly paths: Readonly<
    Record<string, { readonly get?: { readonly description?: string; readonly parameters?: readonly Partial<Parameter>[] } }>
  >;
}

/** Parameters of every view. */
const COMMON = new Set(["minPosition", "consistency"]);

type Row = Readonly<Record<string, unknown>>;

export function NamedQuery({ view, query }: { view: string; query: string }) {
  const described = useResource("description", (signal) => getService<Described>("/openapi.json", signal));
  const operation = described.value?.paths[`/views/${view}/queries/${query}`]?.get;
  const parameters = (operation?.parameters ?? []).filter((one): one is Parameter => one.in === "query" && !COMMON.has(one.name ?? ""));
  const isReady = described.value !== undefined && !parameters.some(({ required }) => required);
  const [given, setGiven] = useState<Readonly<Record<string, string>>>();
  const sent = given ?? (isReady ? {} : undefined);
  const answer = useGet<{ rows: Row[]; hasMore: boolean }>(sent && `${segments("views", view, "queries", query)}${queryOf(sent)}`);
  return (
    <>
      {operation?.description === undefined ? null : <p class="dim">{operation.description}</p>}
      {parameters.length === 0 ? null : (
        <form
          class="where row"
          onSubmit={(event) => {
            event.preventDefault();
            setGiven(Object.fromEntries([...new FormData(event.currentTarget)].map(([name, value]) => [name, value as string])));
          }}
        >
          {parameters.map(({ name, required = false, schema }) => (
            <label key={name} class="field">
              {name} {required ? null : <span class="dim">(optional)</span>}
              <input
                name={name}
                required={required}
                autocomplete="off"
                placeholder={JSON.stringify(schema?.default ?? schema?.type) ?? ""}
              />
            </label>
          ))}
          <button type="submit">Ask</button>
        </form>
      )}
      {sent === undefined ? null : (
        <Remote of={answer} lines={8}>
          {({ rows, hasMore }) =>
            rows.length === 0 ? (
              <Empty title="The query answers with no rows" />
            ) : (
              <>
                <Table
                  label={`Rows of ${query}`}
                  rows={rows.map((row, index) => ({ row, index }))}
                  keyOf={({ index }) => String(index)}
                  columns={Object.keys(rows[0]!).map((name) => ({
                    title: name,
                    isNumber: typeof rows[0]![name] === "number",
                    cell: ({ row }: { row: Row; index: number }) => <Cell value={row[name]} />,
                  }))}
                />
                {hasMore ? <p class="dim">There are more rows than an answer takes.</p> : null}
              </>
            )
          }
        </Remote>
      )}
    </>
  );
}
