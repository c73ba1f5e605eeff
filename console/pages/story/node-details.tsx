/** What is known about one line of a story: an event with the state before and after it, an attempt, a failure, a request. */

import { Link } from "wouter-preact";
import { EventDetails } from "../../parts/event-details.tsx";
import { States } from "../../parts/states.tsx";
import { Status, Time, counted, duration } from "../../parts/show.tsx";
import { type AppReport, partsOf } from "../../store/event.ts";
import { to } from "../../store/paths.ts";
import type { StoryNode } from "./tree.ts";

export function NodeDetails({ node, report }: { node: StoryNode; report: AppReport }) {
  const { event, delivery, failure } = node;
  if (event) {
    const kind = report.categories.find(({ name }) => name === partsOf(event.stream).category)?.kind;
    return (
      <>
        <EventDetails event={event} isInStory />
        {kind === undefined || kind === "plain" || event.type === "$deleted" || event.erased ? null : (
          <States stream={event.stream} version={event.version} isNow={false} />
        )}
      </>
    );
  }
  if (delivery) {
    const { webhook, url, status, position, id, history = [], nextAttemptAt } = delivery;
    return (
      <>
        <p>
          <Status is={status} /> <Link href={to.webhook(webhook)}>webhook {webhook}</Link> to <bdi>{url}</bdi>
        </p>
        <p>
          Event <Link href={to.log({ at: position, open: position })}>{position}</Link>, delivery <code>{id}</code>,{" "}
          {counted(history.length, "attempt")} on record.
        </p>
        {nextAttemptAt === undefined ? null : (
          <p>
            The next attempt is at <Time at={nextAttemptAt} />.
          </p>
        )}
        <ol>
          {history.map(({ at, durationMs, response, error }) => (
            <li key={at}>
              <Time at={at} />: {response === undefined ? "no answer" : `answer ${response}`} after {duration(durationMs)}
              {error === undefined ? null : (
                <>
                  , <bdi>{error}</bdi>
                </>
              )}
            </li>
          ))}
        </ol>
      </>
    );
  }
  if (failure) {
    const { message, at, event: failed } = failure.lastError!;
    return (
      <>
        <p>
          <Status is={failure.status} /> <Link href={to.consumer(failure.name)}>{failure.name}</Link>,{" "}
          {counted(failure.attempts, "attempt")}, the last <Time at={at} />.
        </p>
        <pre>{message}</pre>
        <p>
          It fails at event {failed?.position}. <Link href={to.consumer(failure.name)}>Retry, skip, or see what it would do again</Link>
        </p>
      </>
    );
  }
  return (
    <>
      <p>
        <bdi>{node.detail}</bdi>, at <Time at={new Date(node.at).toISOString()} />.
      </p>
      <p>
        Id <code>{node.key}</code>
      </p>
      <p class="dim">A request is not stored itself. What it led to carries its id as causationId.</p>
    </>
  );
}
