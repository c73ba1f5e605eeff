/** `GET /problems`: explains each problem's `type`, for a reader in a browser or for a program. */

import { Hono } from "hono";
import { escaped, inline, page } from "./page.ts";
import { PROBLEM_CODES, Problem, type ProblemExplanation, kindOfProblem } from "./problem.ts";
import { pageOr } from "./page-or-json.ts";
import type { HttpEnv } from "./request.ts";

export function problemRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", (context) => {
    const problems = PROBLEM_CODES.map(kindOfProblem);
    return pageOr(context, () => problemsPage("Problems", problems), { problems });
  });

  routes.get("/:code", (context) => {
    const code = PROBLEM_CODES.find((one) => one === context.req.param("code"));
    if (!code) throw new Problem("not-found", `unknown problem ${context.req.param("code")}; GET /problems lists all of them`);
    const problem = kindOfProblem(code);
    return pageOr(context, () => problemsPage(problem.title, [problem]), problem);
  });

  return routes;
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
  return page({ title, body });
}
