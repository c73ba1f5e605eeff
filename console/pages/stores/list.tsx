/** Where this store lies, and all stores: switch to one, or to one that is new. */

import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Time, count } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { query } from "../../store/paths.ts";
import { useResource } from "../../store/resource.ts";
import { baseOf, getService, storeName } from "../../store/store.ts";
import { useQuery } from "../../store/location.ts";

interface Placed {
  readonly jurisdiction?: string;
  readonly location?: string;
}

interface StorePlace extends Placed {
  readonly isEnforced: boolean;
  readonly parts: readonly (Placed & { readonly part: string; readonly kind: string; readonly binding: string; readonly holds?: string })[];
}

interface StoreEntry extends Placed {
  readonly name: string;
  readonly head: number;
  readonly placedAt?: string;
}

function where({ jurisdiction, location }: Placed): string {
  return [jurisdiction && `within ${jurisdiction}`, location && `near ${location}`].filter(Boolean).join(", ") || "where it was first used";
}

export function Place() {
  const place = useResource("place", (signal) => getService<StorePlace>(`/stores/${storeName}`, signal));
  return (
    <Section title="Where it lies">
      <Remote of={place} lines={8}>
        {({ parts, isEnforced }) => (
          <>
            {isEnforced ? null : <p>This runtime has no jurisdictions: on the network they hold.</p>}
            <Table
              label="Where it lies"
              rows={parts}
              keyOf={({ part }) => part}
              columns={[
                { title: "Part", cell: ({ part }) => part },
                { title: "Is a", cell: ({ kind, binding }) => `${kind}, ${binding}` },
                { title: "Lies", cell: (part) => part.holds ?? where(part) },
              ]}
            />
          </>
        )}
      </Remote>
    </Section>
  );
}

export function Others() {
  const [parameters] = useQuery();
  const after = parameters.get("after") ?? "";
  const path = `/stores${query({ after, limit: 50 })}`;
  const stores = useResource(path, (signal) => getService<{ stores: StoreEntry[]; next?: string }>(path, signal));
  const [name, setName] = useState("");
  return (
    <Section
      title="All stores"
      actions={
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            location.assign(baseOf(name));
          }}
        >
          <input
            class="short"
            aria-label="The name of a store"
            placeholder="a store’s name"
            pattern="[a-z0-9\-]{1,64}"
            required
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
          <button type="submit">Open</button>
        </form>
      }
    >
      <Remote of={stores} lines={6}>
        {({ stores: all, next }) => (
          <>
            <Table
              label="All stores"
              rows={all}
              keyOf={(one) => one.name}
              isMarked={(one) => one.name === storeName}
              columns={[
                { title: "Store", cell: (one) => <a href={baseOf(one.name)}>{one.name}</a> },
                { title: "Events", isNumber: true, cell: ({ head }) => count(head) },
                { title: "Lies", cell: where },
                { title: "Since", cell: ({ placedAt }) => placedAt && <Time at={placedAt} /> },
              ]}
            />
            <div class="row end">
              {after === "" ? null : <Link href="/stores">First</Link>}
              {next ? <Link href={`/stores${query({ after: all.at(-1)?.name })}`}>More</Link> : null}
            </div>
          </>
        )}
      </Remote>
    </Section>
  );
}
