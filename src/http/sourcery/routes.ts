/**
 * The surface of Sourcery's users' documentation, under /api: a thin translation to categories, processors and views that are declared over
 * HTTP. docs/coming-from/sourcery.md lists what its documents leave open.
 */

import { Hono } from "hono";
import type { HttpEnv } from "../request.ts";
import { sourceryProcessors } from "./processors.ts";
import { sourceryStreams } from "./streams.ts";
import { sourceryViews } from "./views.ts";

export function sourceryRoutes() {
  return new Hono<HttpEnv>()
    .route("/streams", sourceryStreams())
    .route("/processors", sourceryProcessors())
    .route("/views", sourceryViews());
}
