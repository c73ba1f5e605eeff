/** Webhooks: adding, changing, testing and removing them. */

import { Hono } from "hono";
import { v7 } from "uuid";
import { isFree } from "../core/budget.ts";
import { NO_WEBHOOK, WEBHOOK_ID_PREFIX } from "../definitions/webhooks/webhook.ts";
import { activeWebhooks } from "../definitions/webhooks/kind.ts";
import { isLocal } from "../store/env.ts";
import { DEFINITION_BYTES, WEBHOOKS, WEBHOOKS_FREE } from "./limits.ts";
import type { WebhookRpc } from "../store/webhook-protocol.ts";
import { filterOf } from "../deliveries/interest.ts";
import { newSecret } from "../webhooks/signature.ts";
import { targetProblem } from "../definitions/webhooks/target.ts";
import { requireWithin } from "./log-query.ts";
import { Problem } from "./problem.ts";
import { jsonBody, optionalJsonBody } from "./body.ts";
import { type HttpEnv, type HttpContext, checked, storeOf } from "./request.ts";
import { known, unknownWebhook } from "./webhooks-answers.ts";
import { deliveriesOfEvents, deliveryRoutes } from "./webhooks-deliveries.ts";
import { RotateIn, WebhookIn, WebhookPatch } from "./webhooks-in.ts";

export function webhookRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.post("/", async (context) => {
    const store = storeOf(context);
    const { value } = await jsonBody(context, DEFINITION_BYTES);
    const { from, secret = newSecret(), ...settings } = checked(WebhookIn, value, "the webhook is not valid");
    checkTarget(context, settings.url);

    const { log } = store;
    const [head, others] = await Promise.all([log.head(), log.subscribers()]);
    const most = isFree(context.env) ? WEBHOOKS_FREE : WEBHOOKS;
    if (others.length >= most) throw new Problem("too-many-webhooks", `a store has at most ${most} webhooks; remove one`);
    const position = from === "head" ? head : from;
    requireWithin("from", position, head);
    const id = WEBHOOK_ID_PREFIX + v7().replaceAll("-", "");
    const webhook = store.webhook(id);
    // In this order, so that what is subscribed exists. A crash in between leaves an object that nothing knows and nothing wakes.
    await webhook.create({ id, ...settings, secret, createdAt: new Date().toISOString() }, position);
    await log.subscribe(id, filterOf(settings), position);
    const report = await webhook.report();
    return context.json({ ...report, secret }, 201, { location: `${new URL(context.req.url).pathname}/${id}` });
  });

  routes.get("/", async (context) => {
    const reports = await Promise.all((await webhooksOf(context)).map((name) => storeOf(context).webhook(name).report()));
    return context.json({ webhooks: reports.filter((report) => report !== undefined) });
  });

  // Before the routes of one webhook: no webhook has this name.
  routes.get(`/${NO_WEBHOOK}`, deliveriesOfEvents(webhooksOf));

  routes.get("/:id", async (context) => context.json(known(context, await findWebhook(context).report())));

  routes.patch("/:id", async (context) => {
    const webhook = findWebhook(context);
    const { value } = await jsonBody(context, DEFINITION_BYTES);
    const patch = checked(WebhookPatch, value, "the change is not valid");
    if (patch.url !== undefined) checkTarget(context, patch.url);
    const answer = known(context, await webhook.change(patch));
    if (!("refused" in answer)) return context.json(answer);
    if (answer.invalid) throw new Problem("invalid-request", answer.refused, { issues: [{ path: "headers", message: answer.refused }] });
    throw new Problem("declared-in-code", answer.refused);
  });

  routes.delete("/:id", async (context) => {
    const webhook = findWebhook(context);
    const { id, origin } = known(context, await webhook.report());
    if (origin === "code") throw new Problem("declared-in-code", `webhook ${id} is declared in code; remove it there`);
    await storeOf(context).log.unsubscribe(id);
    await webhook.remove();
    return context.body(null, 204);
  });

  routes.post("/:id/rotate-secret", async (context) => {
    const webhook = findWebhook(context);
    const { secret = newSecret() } = checked(RotateIn, await optionalJsonBody(context, DEFINITION_BYTES), "the request is not valid");
    const answer = known(context, await webhook.rotate(secret));
    if ("refused" in answer) throw new Problem("declared-in-code", answer.refused);
    return context.json(answer);
  });

  routes.post("/:id/test", async (context) => context.json(known(context, await findWebhook(context).sendTest())));

  routes.route("/", deliveryRoutes(findWebhook));

  return routes;
}

/** `/.well-known`: the public keys of webhooks, for receivers, which have no token. */
export function wellKnownRoutes() {
  const routes = new Hono<HttpEnv>();
  routes.get("/webhooks/:id", async (context) => {
    const keys = await findWebhook(context).publicKeys();
    if (!keys) throw new Problem("unknown-webhook", `there is no webhook ${context.req.param("id")} with public keys`);
    return context.json(keys, 200, { "cache-control": "public, max-age=300" });
  });
  return routes;
}

/** The ids of the store's webhooks: those of the code that are on, and those added at run time. */
async function webhooksOf(context: HttpContext): Promise<string[]> {
  const { app, variables, log } = storeOf(context);
  return [...activeWebhooks(app, variables).map(({ name }) => name), ...(await log.subscribers())];
}

/** The webhook that the path names: only if it might exist, so that no object is made for a webhook that never can. */
function findWebhook(context: HttpContext): WebhookRpc {
  const id = context.req.param("id") ?? "";
  const store = storeOf(context);
  if (!store.definitions.mayBeWebhook(id)) throw unknownWebhook(id);
  return store.webhook(id);
}

function checkTarget(context: HttpContext, url: string): void {
  const problem = targetProblem(url, isLocal(context.env));
  if (problem) throw new Problem("invalid-request", problem, { issues: [{ path: "url", message: problem }] });
}
