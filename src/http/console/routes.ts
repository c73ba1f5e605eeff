/** The console, under `/console`: one page for operators and developers, which the worker has in itself. It uses the public API like any client. */

import { Buffer } from "node:buffer";
import { Hono } from "hono";
import { Problem } from "../problem.ts";
import type { HttpEnv } from "../request.ts";
import { SCRIPT, STYLE } from "./built.ts";

interface PageFile {
  readonly name: string;
  /** Base64 of the file's gzip. */
  readonly gzipped: string;
  readonly type: string;
}

const FILES: ReadonlyMap<string, PageFile> = new Map([
  [SCRIPT.name, { ...SCRIPT, type: "text/javascript; charset=utf-8" }],
  [STYLE.name, { ...STYLE, type: "text/css; charset=utf-8" }],
]);

/** The page runs its own script and shows its own style, talks to this store, makes markup of no string, and is in no frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Headspring</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/console/files/${STYLE.name}">
<script type="module" src="/console/files/${SCRIPT.name}"></script>
</head>
<body><div id="console"></div><noscript>The console needs JavaScript. Everything that it shows is also in the API: <a href="/docs">docs</a>.</noscript></body>
</html>
`;

export function consoleRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/files/:name", async (context) => {
    const file = FILES.get(context.req.param("name"));
    if (!file) throw new Problem("not-found", "the console has no such file; after a deployment, load the page again");
    const headers = { "content-type": file.type, "cache-control": "public, max-age=31536000, immutable", vary: "accept-encoding" };
    const gzipped = Buffer.from(file.gzipped, "base64");
    if (/\bgzip\b/.test(context.req.header("accept-encoding") ?? ""))
      return new Response(gzipped, { headers: { ...headers, "content-encoding": "gzip" }, encodeBody: "manual" });
    return new Response(new Blob([gzipped]).stream().pipeThrough(new DecompressionStream("gzip")), { headers });
  });

  // The page itself finds out which of its own pages a path names.
  routes.get("/*", (context) =>
    context.html(HTML, 200, {
      "content-security-policy": POLICY,
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-cache",
    }),
  );

  return routes;
}
