/** Webhooks: who is told. */

import { Hono } from "hono";
import { v7 } from "uuid";
import { z } from "zod";
import type { App } from "../app.ts";
import { WEBHOOK_ID_PREFIX, activeWebhooks } from "../delivery/consumers.ts";
import { DEFINITION_BYTES } from "../limits.ts";
import { EVENT_TYPE, NAME } from "../names.ts";
import { logOf, webhookOf } from "../objects.ts";
import type { Subscription } from "../webhooks/protocol.ts";
import { newSecret, secretProblem } from "../webhooks/signature.ts";
import { targetProblem } from "../webhooks/target.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, checked, jsonBody, storeOf } from "./request.ts";

/** A webhook, as clients create it. */
export const WebhookIn = z.strictObject({
  url: z.string().max(2_048),
  types: z.array(z.string().regex(EVENT_TYPE)).min(1).max(100).optional(),
  categories: z.array(z.string().regex(NAME)).min(1).max(100).optional(),
  description: z.string().max(1_024).optional(),
  from: z.union([z.literal("head"), z.int().nonnegative()]).default("head"),
  secret: z
    .string()
    .refine((secret) => secretProblem(secret) === undefined, "`whsec_` and the base64 of 24 to 64 bytes")
    .optional(),
});

export function webhookRoutes(app: App) {
  const routes = new Hono<{ Bindings: Env }>();

  routes.post("/", async (context) => {
    const store = storeOf(context);
    const { value } = await jsonBody(context, DEFINITION_BYTES);
    const { from, secret = newSecret(), ...asked } = checked(WebhookIn, value, "the webhook is not valid");
    const problem = targetProblem(asked.url, context.env.HEADSPRING_ENV === "local");
    if (problem) throw new Problem("invalid-request", problem, { issues: [{ path: "url", message: problem }] });

    const log = logOf(context.env, store);
    const head = await log.head();
    const position = from === "head" ? head : Math.min(from, head);
    const subscription: Subscription = {
      id: WEBHOOK_ID_PREFIX + v7().replaceAll("-", ""),
      ...asked,
      secret,
      createdAt: new Date().toISOString(),
    };
    // In this order: what is subscribed exists. A crash in between leaves an object that nobody knows and nobody wakes.
    await webhookOf(context.env, store, subscription.id).create(subscription, position);
    await log.subscribe(subscription.id);
    if (position < head) await context.env.WAKE_UPS.send({ store, consumer: subscription.id, head });
    return context.json({ ...subscription, position }, 201, { location: `${new URL(context.req.url).pathname}/${subscription.id}` });
  });

  routes.get("/", async (context) => {
    const store = storeOf(context);
    const names = [...activeWebhooks(app, context.env).map(({ name }) => name), ...(await logOf(context.env, store).subscribers())];
    const reports = await Promise.all(names.map((name) => webhookOf(context.env, store, name).report()));
    return context.json({ webhooks: reports.filter((report) => report !== undefined) });
  });

  routes.get("/:id", async (context) => context.json(await reportOf(context)));

  routes.delete("/:id", async (context) => {
    const { id, origin } = await reportOf(context);
    if (origin === "code") throw new Problem("declared-in-code", `webhook ${id} is declared in code; remove it there`);
    const store = storeOf(context);
    await logOf(context.env, store).unsubscribe(id);
    await webhookOf(context.env, store, id).remove();
    return context.body(null, 204);
  });

  async function reportOf(context: HttpContext) {
    const id = context.req.param("id") ?? "";
    const known = app.webhooks.has(id) || (id.startsWith(WEBHOOK_ID_PREFIX) && NAME.test(id));
    const report = known ? await webhookOf(context.env, storeOf(context), id).report() : undefined;
    if (!report) throw new Problem("unknown-webhook", `there is no webhook ${id}`);
    return report;
  }

  return routes;
}
