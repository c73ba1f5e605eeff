/** `GET /problems`: explains each problem's `type`, for a reader in a browser or for a program. */

import { Hono } from "hono";
import { accepts } from "hono/accepts";
import { escaped, inline, page } from "./page.ts";
import { PROBLEM_CODES, Problem, type ProblemExplanation, kindOfProblem } from "./problem.ts";
import type { HttpContext, HttpEnv } from "./request.ts";
import { json } from "./response.ts";

export function problemRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", (context) => {
    const problems = PROBLEM_CODES.map(kindOfProblem);
    return wantsPage(context) ? problemsPage("Problems", problems) : json({ problems }, 200, VARY);
  });

  routes.get("/:code", (context) => {
    const code = PROBLEM_CODES.find((one) => one === context.req.param("code"));
    if (!code) throw new Problem("not-found", `unknown problem ${context.req.param("code")}; GET /problems lists all of them`);
    const problem = kindOfProblem(code);
    return wantsPage(context) ? problemsPage(problem.title, [problem]) : json(problem, 200, VARY);
  });

  return routes;
}

/** The same address answers in two forms. */
const VARY = { vary: "Accept" };

/** Whether a browser asks: it prefers a page, while a program that accepts anything gets JSON. */
function wantsPage(context: HttpContext): boolean {
  return accepts(context, { header: "Accept", supports: ["application/json", "text/html"], default: "application/json" }) === "text/html";
}

function problemsPage(title: string, problems: readonly ProblemExplanation[]): Response {
  const sections = problems.map(
    ({ code, type, status, title, when, remedy }) =>
      `<section aria-labelledby="${code}"><h2 id="${code}">${status} ${escaped(title)}</h2>
<p><a href="${type}"><code>${code}</code></a></p>
<dl><dt>When</dt><dd>${inline(when)}</dd><dt>What to do</dt><dd>${inline(remedy)}</dd></dl></section>`,
  );
  const body = `<header><h1>${escaped(title)}</h1>
<p>The <code>type</code> of every error of this service links here; <code>detail</code> tells what was wrong with the request itself. <a href="/problems">All problems</a> · <a href="/docs">HTTP API</a></p></header>
<main>
${sections.join("\n")}
</main>`;
  const response = page({ title, body });
  response.headers.set("vary", "Accept");
  return response;
}
