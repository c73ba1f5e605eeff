/** One stream through time: its events, and beside them the state at any version and what the event there changed. */

import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Page, Section } from "../../parts/page.tsx";
import { Failure, Remote } from "../../parts/remote.tsx";
import { count, counted } from "../../parts/show.tsx";
import { type AppReport, partsOf } from "../../store/event.ts";
import { useQuery } from "../../store/location.ts";
import { query, streamPath, to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { Ending } from "./ending.tsx";
import { Moment } from "./moment.tsx";
import { Versions } from "./versions.tsx";

/** Milliseconds between two looks at the stream's version. */
const EVERY = 2_000;

export function StreamPage({ stream }: { stream: string }) {
  const head = useGet<{ version: number }>(`${streamPath(stream)}${query({ direction: "backward", limit: 1 })}`, { every: EVERY });
  const app = useGet<AppReport>("/app");
  const { category, id } = partsOf(stream);
  const its = app.value?.categories.find(({ name }) => name === category);
  const hasState = its !== undefined && its.kind !== "plain";
  return (
    <Page title={stream} actions={<Link href={to.log({ stream })}>In the live log</Link>}>
      {its?.description === undefined ? null : <p class="dim">{its.description}</p>}
      {head.error && (head.error.status === 404 || head.error.status === 410) ? (
        <Gone stream={stream} error={head.error} />
      ) : (
        <Remote of={app} lines={20}>
          {() => (
            <Remote of={head} lines={20}>
              {({ version }) => <Travel stream={stream} head={version} hasState={hasState} />}
            </Remote>
          )}
        </Remote>
      )}
      {its?.commands === undefined || its.commands.length === 0 ? null : (
        <Section title="What would a command do now?">
          <ul class="chips">
            {its.commands.map((command) => (
              <li key={command}>
                <Link class="button" href={to.command(category, id, command)}>
                  {command}
                </Link>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {its?.kind === "plain" ? (
        <p>
          <Link href={to.command(category, id)}>Append a fact</Link>
        </p>
      ) : null}
      <Ending stream={stream} version={head.value?.version} error={head.error} then={head.reload} />
    </Page>
  );
}

/** A stream that is not there, and one that has ended. */
function Gone({ stream, error }: { stream: string; error: NonNullable<ReturnType<typeof useGet>["error"]> }) {
  if (error.code === "unknown-stream") {
    return (
      <Empty title="Nothing was ever stored in this stream">
        <p>
          <Link href={to.category(partsOf(stream).category)}>Streams of {partsOf(stream).category}</Link>
        </p>
      </Empty>
    );
  }
  if (error.code !== "stream-deleted") return <Failure error={error} />;
  return (
    <Empty title="This stream has ended">
      <p>
        It was deleted: nobody reads or writes it any more. <Link href={to.log({ stream })}>The log keeps its events</Link>, without their
        data if it was erased.
      </p>
    </Empty>
  );
}

function Travel({ stream, head, hasState }: { stream: string; head: number; hasState: boolean }) {
  const [parameters, change] = useQuery();
  const asked = Number(parameters.get("version") ?? head);
  const version = Number.isSafeInteger(asked) ? Math.max(1, Math.min(asked, head)) : head;
  // The newest is what the page shows without a version: it goes on with the stream.
  const go = (chosen: number) => {
    const within = Math.max(1, Math.min(chosen, head));
    change({ version: within === head ? undefined : within });
  };
  return (
    <>
      <div class="travel">
        <button type="button" aria-label="One version back" aria-disabled={version === 1} onClick={() => go(version - 1)}>
          ‹
        </button>
        <input
          type="range"
          aria-label="Version"
          aria-valuetext={`Version ${version} of ${head}`}
          min={1}
          max={head}
          value={version}
          onInput={({ currentTarget }) => go(Number(currentTarget.value))}
        />
        <button type="button" aria-label="One version on" aria-disabled={version === head} onClick={() => go(version + 1)}>
          ›
        </button>
        <span class="number">
          Version{" "}
          <input
            type="number"
            aria-label="Version, as a number"
            min={1}
            max={head}
            value={version}
            onChange={({ currentTarget }) => go(Number(currentTarget.value))}
          />{" "}
          of {count(head)}
        </span>
        {version === head ? <span class="dim">as it is now</span> : <span class="dim">{counted(head - version, "event")} ago</span>}
      </div>
      <div class="beside two even">
        <Versions stream={stream} head={head} version={version} go={go} />
        <Moment stream={stream} version={version} isNow={version === head} hasState={hasState} />
      </div>
    </>
  );
}
