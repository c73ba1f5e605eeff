/** `GET /docs`: the OpenAPI document as one page, which loads nothing and reads well without its script. */

import { createHash } from "node:crypto";
import type { DocumentedOperation, Media, OpenApi, Parameter } from "./openapi/document.ts";
import { componentOf, demandsOf, exampleOf, notationOf } from "./openapi/notation.ts";
import type { JsonSchema } from "./openapi/schema.ts";

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

const SCRIPT = `
addEventListener("click", async ({ target }) => {
  if (!target.matches("button.copy")) return;
  const said = target.textContent;
  try {
    await navigator.clipboard.writeText(document.getElementById(target.dataset.of).textContent);
    target.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(document.getElementById(target.dataset.of));
    target.textContent = "Selected: copy it with your keyboard";
  }
  setTimeout(() => { target.textContent = said }, 2000);
});
const open = () => { const at = document.getElementById(decodeURIComponent(location.hash.slice(1))); if (at?.tagName === "DETAILS") at.open = true };
addEventListener("hashchange", open);
open();
for (const copy of document.querySelectorAll("button.copy")) copy.hidden = false;
`;

/** Nothing but this very style and script, and no connection to anywhere. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${sha256(STYLE)}'`,
  `script-src 'sha256-${sha256(SCRIPT)}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page. Its examples call the service at this origin. */
export function docsPage(document: OpenApi, origin: string): Response {
  return new Response(htmlOf(document, origin), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}

function htmlOf(document: OpenApi, origin: string): string {
  const { info, tags, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return section(
      name,
      description,
      own.map(({ method, path, operation }) => operationHtml(document, origin, method, path, operation)),
    );
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="${escaped(`schema-${name}`)}"><summary><code>${escaped(name)}</code></summary>${schemaHtml(schema, components.schemas)}</details>`,
  );
  const links = [...tags.map(({ name }) => name), "Schemas"].map((name) => `<li><a href="#${idOf(name)}">${escaped(name)}</a></li>`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(info.title)}: HTTP API</title><style>${STYLE}</style></head>
<body>
<header><h1>${escaped(info.title)} <small>${escaped(info.version)}</small></h1>
${info.description.split("\n\n").map(paragraph).join("\n")}
<p><a href="/openapi.json">openapi.json</a> says the same to programs.</p></header>
<nav aria-label="Sections"><ul>${links.join("")}</ul></nav>
<main>
${sections.join("\n")}
${section("Schemas", "What bodies and answers are made of, and every event that this app declares.", schemas)}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function section(name: string, description: string, parts: readonly string[]): string {
  return `<section aria-labelledby="${idOf(name)}"><h2 id="${idOf(name)}">${escaped(name)}</h2>${paragraph(description)}\n${parts.join("\n")}</section>`;
}

function operationHtml(document: OpenApi, origin: string, method: string, path: string, operation: DocumentedOperation): string {
  const { operationId, summary, description, requestBody, responses, security } = operation;
  const { schemas } = document.components;
  const parameters = parametersOf(document, operation);
  const curlId = `curl-${operationId}`;
  const isProblem = ([, { content }]: (typeof answers)[number]) => content?.["application/problem+json"] !== undefined;
  const answers = Object.entries(responses);
  const problems = answers.filter(isProblem).map(([status, answer]) => `<dt>${status}</dt><dd>${inline(answer.description)}</dd>`);
  const successes = answers
    .filter((answer) => !isProblem(answer))
    .map(
      ([status, { description, content }]) =>
        `<details><summary><b class="status">${status}</b> ${inline(description)}</summary>${mediaHtml(content, schemas) || "<p>It has no body.</p>"}</details>`,
    );
  return `<details id="${escaped(operationId)}"><summary><b class="method">${method}</b><code>${escaped(path)}</code><span class="what">${inline(summary)}</span></summary>
${description === undefined ? "" : paragraph(description)}
${security.map(({ bearer: [right] }) => paragraph(`Needs the right \`${right}\`.`)).join("")}
${parameters.length === 0 ? "" : `<h3>Parameters</h3><dl>${parameters.map(parameterHtml).join("")}</dl>`}
${requestBody ? `<h3>Body</h3>${mediaHtml(requestBody.content, schemas)}` : ""}
<h3>Answers</h3>${successes.join("")}
${problems.length === 0 ? "" : `<h3>Problems</h3><p class="dim">As <code>application/problem+json</code>: <a href="#schema-Problem">Problem</a></p><dl>${problems.join("")}</dl>`}
<h3>Try it</h3><pre id="${escaped(curlId)}">${escaped(curlOf(document, origin, method, path, operation))}</pre>
<button type="button" class="copy" hidden data-of="${escaped(curlId)}" aria-label="Copy the curl for ${escaped(operationId)}">Copy</button>
</details>`;
}

function parametersOf({ components }: OpenApi, { parameters }: DocumentedOperation): Parameter[] {
  return parameters.flatMap((one) => ("$ref" in one ? (components.parameters[one.$ref.split("/").at(-1) ?? ""] ?? []) : one));
}

function parameterHtml({ name, in: place, description, schema }: Parameter): string {
  const demands = demandsOf(schema);
  const texts = [description, demands].filter(Boolean).map((text) => inline(text ?? ""));
  return `<dt><code>${escaped(name)}</code> <span class="dim">${place}, ${escaped(notationOf(schema))}</span></dt><dd>${texts.join(" ")}</dd>`;
}

function mediaHtml(content: Media | undefined, components: OpenApi["components"]["schemas"]): string {
  return Object.entries(content ?? {})
    .map(([type, { schema }]) => `<p><code>${escaped(type)}</code></p>${schemaHtml(resolved(schema, components), components)}`)
    .join("");
}

/** The schema itself, so that nobody has to go elsewhere for the outermost level. */
function resolved(schema: JsonSchema, components: OpenApi["components"]["schemas"]): JsonSchema {
  return typeof schema.$ref === "string" ? (components[componentOf(schema.$ref) ?? ""] ?? schema) : schema;
}

/** The notation, in which the names of components are links. */
function schemaHtml(schema: JsonSchema, components: OpenApi["components"]["schemas"]): string {
  const description = typeof schema.description === "string" ? paragraph(schema.description) : "";
  const text = notationOf(schema).replaceAll(/[\w.-]+|[^\w.-]+/g, (part, at: number, whole: string) => {
    const isType = Object.hasOwn(components, part) && /(?:^|[:|&(]) ?$/.test(whole.slice(Math.max(0, at - 2), at));
    return isType ? `<a href="#${escaped(`schema-${part}`)}">${escaped(part)}</a>` : escaped(part);
  });
  return `${description}<pre>${text}</pre>`;
}

/** A call that can be pasted into a shell. What stands in braces is to be filled in. */
function curlOf(document: OpenApi, origin: string, method: string, path: string, { requestBody, security }: DocumentedOperation): string {
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const verb = method === "GET" || (method === "POST" && media) ? "" : method === "HEAD" ? " -I" : ` -X ${method}`;
  return [
    `curl${verb} ${quoted(origin + path)}`,
    ...(security.length === 0 ? [] : [`-H "Authorization: Bearer $TOKEN"`]),
    ...(media
      ? [`-H ${quoted(`Content-Type: ${type}`)}`, `-d ${quoted(JSON.stringify(exampleOf(media.schema, document.components.schemas)))}`]
      : []),
  ].join(" \\\n  ");
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function paragraph(text: string): string {
  return `<p>${inline(text)}</p>`;
}

/** Text with `code` in it. */
function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function idOf(section: string): string {
  return escaped(`section-${section.replaceAll(" ", "-")}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
