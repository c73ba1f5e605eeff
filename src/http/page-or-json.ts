/** Addresses that answer in two forms: a page for a browser, JSON for a program. */

import { accepts } from "hono/accepts";
import type { HttpContext } from "./request.ts";
import { json } from "./response.ts";

/** The page, if a browser asks: it prefers one, while a program that accepts anything gets JSON. */
export function pageOr(context: HttpContext, page: () => Response, value: object): Response {
  const isPage =
    accepts(context, { header: "Accept", supports: ["application/json", "text/html"], default: "application/json" }) === "text/html";
  if (!isPage) return json(value, 200, { vary: "Accept" });
  const response = page();
  response.headers.set("vary", "Accept");
  return response;
}
