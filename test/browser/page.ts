/** What runs in the page of the browser's test: an app in React, and the client's loops, whose results the test reads from `window`. */

import { createElement, useState } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "../../src/client/index.ts";
import { useCommand, useRow, useView } from "../../src/react/index.ts";
import type { app } from "../workers/app.ts";

interface Page {
  readonly document: { getElementById(id: string): never };
  readonly location: { readonly hash: string };
  followed: number[];
}
const page = globalThis as unknown as Page;
const [url = "", store = ""] = page.location.hash.slice(1).split(",");
const shop = createClient<typeof app>(url, { store });

function Counters() {
  const [least, setLeast] = useState(1);
  const { rows, isLoading, error } = useView(shop.views.totals, { "total.gte": least });
  const { row } = useRow(shop.views.totals, "a");
  const count = useCommand(shop.counter("a").Count);
  const state = isLoading ? "loading" : error instanceof Error ? error.message : "live";
  const refused = count.result?.ok === false ? count.result.reason : "";
  return createElement(
    "main",
    {},
    createElement("p", { id: "state" }, state),
    createElement("p", { id: "rows" }, rows.map(({ counter, total }) => `${counter}=${total}`).join(" ")),
    createElement("p", { id: "row" }, row ? String(row.total) : "none"),
    createElement("p", { id: "refused" }, refused),
    createElement("button", { id: "count", onClick: () => void count.run({ by: 2 }) }, "count"),
    createElement("button", { id: "too-much", onClick: () => void count.run({ by: 2_000 }) }, "too much"),
    createElement("button", { id: "least", onClick: () => setLeast(5) }, "five at least"),
  );
}

page.followed = [];
void (async () => {
  for await (const { data } of shop.log({ types: ["Read"] })) page.followed.push(data.value);
})();
createRoot(page.document.getElementById("root")).render(createElement(Counters));
