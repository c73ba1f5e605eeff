/** What the routes of webhooks have in common. */

import { Problem } from "./problem.ts";
import type { HttpContext } from "./request.ts";

/** A webhook's answer, if the webhook exists. */
export function known<Answer>(context: HttpContext, answer: Answer | undefined): Answer {
  if (answer === undefined) throw unknownWebhook(context.req.param("id") ?? "");
  return answer;
}

export function unknownWebhook(id: string): Problem {
  return new Problem("unknown-webhook", `unknown webhook ${id}`);
}
