/** The store's name, and behind it some others to switch to. They are asked for when somebody looks. */

import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { Loading } from "../parts/remote.tsx";
import { useResource } from "../store/resource.ts";
import { baseOf, getService, storeName } from "../store/store.ts";

/** Stores that are offered here; the page has all. */
const OFFERED = 12;

export function StoreSwitch() {
  const [isOpen, setOpen] = useState(false);
  const [path] = useLocation();
  const { value, error } = useResource(isOpen ? "stores" : undefined, (signal) =>
    getService<{ stores: { name: string }[] }>(`/stores?limit=${OFFERED}`, signal),
  );
  const page = path.split("/").slice(0, 2).join("/");
  return (
    <details class="store" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        Store <strong>{storeName}</strong>
      </summary>
      {error ? <p>{error.message}</p> : value ? null : <Loading lines={2} />}
      <ul class="plain-list" aria-label="Stores">
        {value?.stores.map(({ name }) => (
          <li key={name}>
            <a href={baseOf(name) + page} aria-current={name === storeName ? "true" : undefined}>
              {name}
            </a>
          </li>
        ))}
        <li>
          <Link href="/stores">All stores</Link>
        </li>
      </ul>
    </details>
  );
}
