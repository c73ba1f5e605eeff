/** A page: its title, which the browser shows too, what can be done with the whole of it, and its content. */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { storeName } from "../store/store.ts";

export function Page({ title, actions, children }: { title: string; actions?: ComponentChildren; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · ${storeName} · Headspring`;
  }, [title]);
  return (
    <>
      <div class="head">
        <h1>
          <bdi>{title}</bdi>
        </h1>
        {actions === undefined ? null : <div class="row">{actions}</div>}
      </div>
      {children}
    </>
  );
}

export function Section({ title, actions, children }: { title: string; actions?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section>
      <div class="head">
        <h2>{title}</h2>
        {actions === undefined ? null : <div class="row">{actions}</div>}
      </div>
      {children}
    </section>
  );
}
