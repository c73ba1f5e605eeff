/** Pages for browsers: each is one document that loads nothing, and works without its script. */

import { createHash } from "node:crypto";

const STYLE = `
:root { color-scheme: light dark; --page: #fff; --text: #1b1f26; --line: #d5d9e0; --soft: #f4f6f9; --dim: #535b68; --accent: #0b5cad }
@media (prefers-color-scheme: dark) { :root { --page: #14171c; --text: #e6e9ee; --line: #363c47; --soft: #1c2027; --dim: #a3acba; --accent: #7ab8ff } }
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; font: 16px/1.5 system-ui, sans-serif; background: var(--page); color: var(--text) }
h1 { margin: 0; line-height: 1.2 } h1 small { font-size: 1rem; font-weight: 400; color: var(--dim) }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.25rem } h3 { margin: 1rem 0 .25rem; font-size: .95rem }
h2 + p, .dim { color: var(--dim) } p { margin: .25rem 0 }
a { color: var(--accent) } nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none }
code, pre { font: .875em/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
pre { margin: .25rem 0; padding: .75rem; background: var(--soft); border-radius: .375rem; white-space: pre-wrap }
details { border: 1px solid var(--line); border-radius: .375rem; margin: .375rem 0 }
summary { padding: .5rem .75rem; cursor: pointer } summary:hover { background: var(--soft) }
details > :not(summary) { margin-left: .75rem; margin-right: .75rem } details[open] { padding-bottom: .75rem } details[open] > summary { margin-bottom: .5rem }
.what { color: var(--dim); margin-left: .5rem; overflow-wrap: anywhere }
b.status, dt { font: 700 .875rem/1.5 ui-monospace, monospace } dt code { font-size: 1em } dt .dim { font: .9375rem system-ui, sans-serif } b.status { color: var(--accent); margin-right: .25rem }
b.method { display: inline-block; min-width: 4.25rem; font: 700 .8125rem ui-monospace, monospace; color: var(--accent) }
dl { margin: 0 } dt { margin-top: .375rem } dd { margin: 0 0 0 1rem; color: var(--dim); overflow-wrap: anywhere }
button { font: inherit; font-size: .875rem; padding: .25rem .75rem; border: 1px solid var(--line); border-radius: .375rem; background: var(--soft); color: inherit; cursor: pointer }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
@media (max-width: 40rem) { .what { display: block; margin: .125rem 0 0 } }
`;

export interface PageContent {
  readonly title: string;
  /** HTML. */
  readonly body: string;
  readonly script?: string;
}

/** The page, with a policy that lets it run its own style and script, and connect to nothing. */
export function page({ title, body, script }: PageContent): Response {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${sha256(STYLE)}'`,
    ...(script === undefined ? [] : [`script-src 'sha256-${sha256(script)}'`]),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body>
${body}
${script === undefined ? "" : `<script>${script}</script>`}
</body>
</html>
`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}

export function paragraph(text: string): string {
  return `<p>${inline(text)}</p>`;
}

/** Text with `code` in it. */
export function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
