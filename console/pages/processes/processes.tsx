/** Process managers and sagas by status: those that have not moved for longest first. One of them: its steps, what it waits for, what it undoes. */

import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Page } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Status, Time, duration } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { type AppReport, partsOf } from "../../store/event.ts";
import { useQuery } from "../../store/location.ts";
import { query, segments, to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { OneProcess } from "./one.tsx";
import { type ProcessRow, Waits, isLate } from "./waits.tsx";

/** What is asked for, by the order of who needs somebody. */
const LISTS = {
  unfinished: { title: "Not finished", parameters: { "status.in": "running,undoing", sort: "since" }, none: "None is under way" },
  failed: { title: "Failed", parameters: { status: "failed", sort: "-since" }, none: "None has failed" },
  completed: { title: "Completed", parameters: { status: "completed", sort: "-since" }, none: "None has been completed yet" },
} as const;
type List = keyof typeof LISTS;

/** Milliseconds between two looks. */
const EVERY = 3_000;

export function ProcessesPage() {
  const app = useGet<AppReport>("/app");
  const [parameters] = useQuery();
  const stream = parameters.get("stream");
  return (
    <Page title={stream ?? "Processes"} actions={stream === null ? undefined : <Link href="/processes">All processes</Link>}>
      <Remote of={app} lines={10}>
        {(report) => {
          const names = report.processors.filter(({ kind }) => kind === "saga" || kind === "process-manager").map(({ name }) => name);
          const view = report.views.find((one) => one.processes)?.name;
          if (stream !== null)
            return <OneProcess key={stream} stream={stream} isSaga={isSaga(report, partsOf(stream).category)} view={view} />;
          if (names.length === 0) {
            return (
              <Empty title="The app has no process managers and no sagas">
                <p>
                  They carry out what takes several steps, and undo it if one fails. They need code: <code>processManager(…)</code> or{" "}
                  <code>saga(…)</code>.
                </p>
              </Empty>
            );
          }
          return view === undefined ? <WithoutView names={names} /> : <Listed view={view} names={names} />;
        }}
      </Remote>
    </Page>
  );
}

function isSaga({ processors }: AppReport, name: string): boolean {
  return processors.some((one) => one.name === name && one.kind === "saga");
}

function Listed({ view, names }: { view: string; names: readonly string[] }) {
  const [parameters, change] = useQuery();
  const given = parameters.get("status") as List;
  const list = Object.hasOwn(LISTS, given) ? given : "unfinished";
  const process = parameters.get("process") ?? "";
  const cursor = parameters.get("cursor") ?? undefined;
  const rows = useGet<{ rows: ProcessRow[]; hasMore: boolean; next?: string }>(
    segments("views", view) + query({ ...LISTS[list].parameters, process, cursor }),
    { every: EVERY },
  );
  return (
    <>
      <div class="row" role="group" aria-label="Which ones">
        {(Object.keys(LISTS) as List[]).map((one) => (
          <button key={one} type="button" aria-pressed={one === list} onClick={() => change({ status: one, cursor: undefined }, true)}>
            {LISTS[one].title}
          </button>
        ))}
        {names.length > 1 ? (
          <select
            aria-label="Process"
            class="short"
            value={process}
            onChange={({ currentTarget }) => change({ process: currentTarget.value, cursor: undefined }, true)}
          >
            <option value="">all processes</option>
            {names.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        ) : null}
      </div>
      <Remote of={rows} lines={10}>
        {({ rows: all, hasMore, next }) =>
          all.length === 0 ? (
            <Empty title={LISTS[list].none}>
              <p>
                {names.map((name, index) => (
                  <span key={name}>
                    {index > 0 ? ", " : "Start one: "}
                    <Link href={to.command(name)}>{name}</Link>
                  </span>
                ))}
              </p>
            </Empty>
          ) : (
            <>
              <Table
                label={LISTS[list].title}
                rows={all}
                keyOf={({ id }) => id}
                columns={[
                  {
                    title: "Process",
                    cell: ({ id }) => (
                      <Link href={to.process(id)}>
                        <bdi>{id}</bdi>
                      </Link>
                    ),
                  },
                  { title: "Status", cell: ({ status, waitingFor }) => <Status is={waitingFor.some(isLate) ? "stuck" : status} /> },
                  {
                    title: list === "unfinished" ? "Has not moved for" : "Since",
                    cell: ({ since }) => <Since since={since} isRunning={list === "unfinished"} />,
                  },
                  { title: "Step", cell: ({ step, failure }) => <bdi>{step ?? failure?.step ?? "–"}</bdi> },
                  list === "failed"
                    ? { title: "Why", cell: ({ failure, undoFailed }) => <Why failure={failure} undoFailed={undoFailed} /> }
                    : { title: "Waits for", cell: ({ waitingFor }) => <Waits of={waitingFor.slice(0, 2)} more={waitingFor.length - 2} /> },
                ]}
              />
              <Pager
                toFirst={cursor === undefined ? undefined : () => change({ cursor: undefined }, true)}
                toNext={hasMore ? () => change({ cursor: next }, true) : undefined}
              />
            </>
          )
        }
      </Remote>
    </>
  );
}

function Since({ since, isRunning }: { since: string; isRunning: boolean }) {
  return isRunning ? (
    <time dateTime={since} title={since}>
      {duration(Math.max(0, Date.now() - Date.parse(since)))}
    </time>
  ) : (
    <Time at={since} />
  );
}

function Why({ failure, undoFailed }: Pick<ProcessRow, "failure" | "undoFailed">) {
  return (
    <>
      <bdi>{failure?.reason}</bdi>
      {undoFailed === undefined ? null : (
        <p class="issue">
          Not undone: <bdi>{undoFailed.join(", ")}</bdi>
        </p>
      )}
    </>
  );
}

/** The app has processes, and no view of them: they can be looked at one by one. */
function WithoutView({ names }: { names: readonly string[] }) {
  return (
    <Empty title="A list of processes needs a view of them">
      <p>Add it to the app’s code, and to its views:</p>
      <pre>{`export const processes = processesView("processes", [${names.join(", ")}]);`}</pre>
      <p>
        Until then, look at one by its stream:{" "}
        {names.map((name) => (
          <Link key={name} href={to.category(name)}>
            {name}{" "}
          </Link>
        ))}
      </p>
    </Empty>
  );
}
