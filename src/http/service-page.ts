/** `GET /` in a browser: what this is, what the app has, and where to look. It shows no more than the JSON, which anybody may read. */

import { escaped, inline, page } from "./page.ts";

export interface ServiceContent {
  readonly name: string;
  readonly what: string;
  readonly aggregates: readonly string[];
  readonly categories: readonly string[];
  readonly views: readonly string[];
  /** Paths by name. */
  readonly links: Readonly<Record<string, string>>;
}

/** What is behind a link; a link without a line here is shown by its path alone. */
const ABOUT: Readonly<Record<string, string>> = {
  docs: "the HTTP API to read, with this app's own commands and views",
  openapi: "the same for programs",
  app: "the parts of the app, and which follow and emit what",
  streams: "the categories, and what their events look like",
  log: "everything that has happened, in order",
  views: "the views, and how far each is",
  processors: "the processors, of the code and over HTTP",
  sagas: "the sagas, and what starts them",
  consumers: "how far each view, processor and webhook has read the log",
  webhooks: "the endpoints that receive events",
  stores: "the stores, and where each lies",
  metrics: "figures for Prometheus",
  problems: "every problem that this service answers with",
  health: "whether it is up",
};

export function servicePage({ name, what, aggregates, categories, views, links }: ServiceContent, origin: string): Response {
  const { console, ...others } = links;
  const parts = [
    ["Aggregates", aggregates],
    ["Categories", categories],
    ["Views", views],
  ] as const;
  const declared = parts
    .filter(([, names]) => names.length > 0)
    .map(([title, names]) => `<dt>${title}</dt><dd>${names.map((one) => `<code>${escaped(one)}</code>`).join(" ")}</dd>`);
  const nothing = "<p>The code declares nothing yet. A category can be declared over HTTP: <code>PUT /streams/{category}</code>.</p>";
  const rows = Object.entries(others).map(
    ([link, path]) => `<dt><a href="${escaped(path)}"><code>${escaped(path)}</code></a></dt><dd>${inline(ABOUT[link] ?? "")}</dd>`,
  );
  const opened = console === undefined ? "" : `<p><a href="${escaped(console)}">Open the console</a>, which shows the store at work.</p>`;
  const body = `<header><h1>${escaped(name)}</h1>
<p>${escaped(what[0]?.toUpperCase() + what.slice(1))}.</p>
${opened}</header>
<main>
<section aria-labelledby="app"><h2 id="app">This app</h2>
${declared.length > 0 ? `<dl>${declared.join("")}</dl>` : nothing}</section>
<section aria-labelledby="links"><h2 id="links">Where to look</h2>
<p>A deployment asks for a token, which a link does not send. A call with one:</p>
<pre>curl -H "Authorization: Bearer $TOKEN" ${escaped(origin)}/app</pre>
<dl>${rows.join("")}</dl></section>
</main>`;
  return page({ title: name, body });
}
