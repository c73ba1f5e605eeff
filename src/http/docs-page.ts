/** `GET /docs`: the OpenAPI document as one page, which loads nothing and works without its script. */

import type { DocumentedOperation, Media, OpenApi, Parameter } from "./openapi/document.ts";
import { componentOf, demandsOf, exampleOf, notationOf } from "./openapi/notation.ts";
import type { JsonSchema } from "./openapi/schema.ts";
import { type PageContent, escaped, inline, page, paragraph } from "./page.ts";

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

/** The page. Its examples call the service at this origin. */
export function docsPage(document: OpenApi, origin: string): Response {
  return page(contentOf(document, origin));
}

function contentOf(document: OpenApi, origin: string): PageContent {
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
  const body = `<header><h1>${escaped(info.title)} <small>${escaped(info.version)}</small></h1>
${info.description.split("\n\n").map(paragraph).join("\n")}
<p><a href="/openapi.json">openapi.json</a> has the same for programs.</p></header>
<nav aria-label="Sections"><ul>${links.join("")}</ul></nav>
<main>
${sections.join("\n")}
${section("Schemas", "The parts of bodies and answers, and every event that this app declares.", schemas)}
</main>`;
  return { title: `${info.title}: HTTP API`, body, script: SCRIPT };
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
${security.map(({ bearer: [right] }) => paragraph(right === undefined ? "Needs a token, with any rights." : `Needs the right \`${right}\`.`)).join("")}
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

/** The schema itself, so that readers see the outermost level in place. */
function resolved(schema: JsonSchema, components: OpenApi["components"]["schemas"]): JsonSchema {
  return typeof schema.$ref === "string" ? (components[componentOf(schema.$ref) ?? ""] ?? schema) : schema;
}

/** The notation, with the names of components as links. */
function schemaHtml(schema: JsonSchema, components: OpenApi["components"]["schemas"]): string {
  const description = typeof schema.description === "string" ? paragraph(schema.description) : "";
  const text = notationOf(schema).replaceAll(/[\w.-]+|[^\w.-]+/g, (part, at: number, whole: string) => {
    const isType = Object.hasOwn(components, part) && /(?:^|[:|&(]) ?$/.test(whole.slice(Math.max(0, at - 2), at));
    return isType ? `<a href="#${escaped(`schema-${part}`)}">${escaped(part)}</a>` : escaped(part);
  });
  return `${description}<pre>${text}</pre>`;
}

/** A call that can be pasted into a shell. The reader fills in what is in braces. */
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

function idOf(section: string): string {
  return escaped(`section-${section.replaceAll(" ", "-")}`);
}
