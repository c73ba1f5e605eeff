/** Streams: which there are, and each of them through time. */

import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Page, Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { StreamLink, count } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { useQuery, useSegments } from "../../store/location.ts";
import { query, to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { StreamPage } from "./stream.tsx";
import "./streams.css";

/** Streams of a page. */
const LIMIT = 50;

interface CategoryReport {
  readonly name: string;
  readonly kind: string;
  readonly origin: "code" | "api";
  readonly description?: string;
  readonly eventTypes: readonly string[];
}

export function StreamsPage() {
  const [category, id] = useSegments();
  if (category !== undefined && id !== undefined) return <StreamPage key={`${category}/${id}`} stream={`${category}/${id}`} />;
  return <Lists />;
}

function Lists() {
  const [parameters, change] = useQuery();
  const category = parameters.get("category") ?? "";
  const categories = useGet<{ categories: CategoryReport[] }>("/streams");
  return (
    <Page title="Streams">
      <Remote of={categories} lines={8}>
        {({ categories: all }) => (
          <>
            <Table
              label="Categories"
              rows={all}
              keyOf={({ name }) => name}
              isMarked={({ name }) => name === category}
              columns={[
                { title: "Category", cell: ({ name }) => <Link href={to.category(name)}>{name}</Link> },
                { title: "Kind", cell: ({ kind, origin }) => (origin === "code" ? kind : `${kind}, over HTTP`) },
                { title: "Event types", isNumber: true, cell: ({ eventTypes }) => count(eventTypes.length) },
                { title: "What it is", cell: ({ description }) => <bdi>{description}</bdi> },
              ]}
            />
            <Section title={category === "" ? "All streams" : `Streams of ${category}`}>
              {category === "" ? null : (
                <label class="field short">
                  Id begins with
                  <input
                    type="text"
                    spellcheck={false}
                    autocomplete="off"
                    value={parameters.get("prefix") ?? ""}
                    onInput={({ currentTarget }) => change({ prefix: currentTarget.value, after: undefined })}
                  />
                </label>
              )}
              <List category={category} prefix={parameters.get("prefix") ?? ""} after={parameters.get("after")} />
            </Section>
          </>
        )}
      </Remote>
    </Page>
  );
}

interface Summary {
  readonly stream: string;
  readonly version: number;
  readonly lastPosition: number;
}

function List({ category, prefix, after }: { category: string; prefix: string; after: string | null }) {
  const [, change] = useQuery();
  const begin = category !== "" && prefix !== "" ? `${category}/${prefix}` : "";
  const page = useGet<{ streams: Summary[]; hasMore: boolean }>(
    `/log/streams${query({ category, after: after ?? before(begin), limit: LIMIT })}`,
  );
  return (
    <Remote of={page} lines={10}>
      {({ streams, hasMore }) => {
        const fitting = streams.filter(({ stream }) => stream.startsWith(begin));
        if (fitting.length === 0) return <NoStreams category={category} isSought={begin !== "" || after !== null} />;
        return (
          <>
            <Table
              label="Streams"
              rows={fitting}
              keyOf={({ stream }) => stream}
              columns={[
                { title: "Stream", cell: ({ stream }) => <StreamLink stream={stream} /> },
                { title: "Version", isNumber: true, cell: ({ version }) => count(version) },
                {
                  title: "Last position",
                  isNumber: true,
                  cell: ({ lastPosition }) => <Link href={to.log({ at: lastPosition, open: lastPosition })}>{count(lastPosition)}</Link>,
                },
              ]}
            />
            <Pager
              toFirst={after === null ? undefined : () => change({ after: undefined }, true)}
              toNext={hasMore && fitting.length === streams.length ? () => change({ after: fitting.at(-1)!.stream }, true) : undefined}
            />
          </>
        );
      }}
    </Remote>
  );
}

function NoStreams({ category, isSought }: { category: string; isSought: boolean }) {
  return (
    <Empty title={isSought ? "No stream’s id begins so" : "There are no streams yet"}>
      {isSought ? null : (
        <p>
          The first command or fact for an id makes its stream. <Link href={to.command(category)}>Send one</Link>
        </p>
      )}
    </Empty>
  );
}

/** A name before all that begin with this one, so that a page after it has this one too. */
function before(name: string): string {
  const last = name.codePointAt(name.length - 1) ?? 0;
  // Half of a pair, or the first of all characters: the page then begins earlier, and what does not fit is left out.
  return last > 0xd7ff || last === 0 ? name.slice(0, -1) : `${name.slice(0, -1)}${String.fromCodePoint(last - 1)}\u{10ffff}`;
}
