/** The outcomes of deliveries, those of one webhook and those of some events, and how to have them sent again. */

import { Hono } from "hono";
import { DEFINITION_BYTES } from "./limits.ts";
import { MAX_POSITION } from "../core/limits.ts";
import type { ReplayRequest, WebhookRpc } from "../store/webhook-protocol.ts";
import { requireWithin } from "./log-query.ts";
import { Problem } from "./problem.ts";
import { jsonBody, optionalJsonBody } from "./body.ts";
import { DryRunQuery, type HttpEnv, type HttpContext, checked, linkTo, queryOf, storeOf } from "./request.ts";
import { pageJson } from "./response.ts";
import { DeliveriesOfEventsQuery, DeliveriesQuery, ReplayIn, RetryIn } from "./webhooks-in.ts";
import { known } from "./webhooks-answers.ts";

/** @param webhookNamed the webhook that the path names */
export function deliveryRoutes(webhookNamed: (context: HttpContext) => WebhookRpc) {
  const routes = new Hono<HttpEnv>();

  routes.post("/:id/replay", async (context) => {
    const webhook = webhookNamed(context);
    const { value } = await jsonBody(context, DEFINITION_BYTES);
    const { from, to } = checked(ReplayIn, value, "the range is not valid");
    const head = typeof from === "number" ? await storeOf(context).log.head() : 0;
    if (typeof from === "number" && from > head) {
      known(context, await webhook.report());
      requireWithin("from", from, head);
    }
    const request = { from: boundOf(from), ...(to === undefined ? {} : { to: boundOf(to) }) };
    if (queryOf(context, DryRunQuery).dryRun) {
      const count = known(context, await webhook.countReplay(request));
      if ("refused" in count) throw new Problem("replay-refused", count.refused);
      return context.json(count);
    }
    const answer = known(context, await webhook.replay(request));
    if ("refused" in answer) throw new Problem("replay-refused", answer.refused);
    return context.json(answer, 202);
  });

  routes.get("/:id/deliveries", async (context) => {
    const webhook = webhookNamed(context);
    const { status, after, limit } = queryOf(context, DeliveriesQuery);
    const asked = { limit, ...(status ? { status } : {}), ...(after === undefined ? {} : { after }) };
    const { deliveries, next, waiting } = known(context, await webhook.deliveries(asked));
    return pageJson({ deliveries, waiting }, next === undefined ? undefined : linkTo(context, { after: next }));
  });

  routes.post("/:id/deliveries/retry", async (context) => {
    const webhook = webhookNamed(context);
    const { from = 1, to = MAX_POSITION } = checked(RetryIn, await optionalJsonBody(context, DEFINITION_BYTES), "the range is not valid");
    if (queryOf(context, DryRunQuery).dryRun) return context.json({ deliveries: known(context, await webhook.countParked(from, to)) });
    return context.json(known(context, await webhook.retryParked(from, to)), 202);
  });

  routes.post("/:id/deliveries/:deliveryId/retry", async (context) => {
    const webhook = webhookNamed(context);
    known(context, await webhook.report());
    const id = context.req.param("deliveryId");
    const answer = await webhook.retry(id);
    if (!answer) throw new Problem("unknown-delivery", `unknown delivery ${id}; GET /webhooks/{id}/deliveries lists those of this webhook`);
    if ("refused" in answer) throw new Problem("delivery-ended", answer.refused);
    return context.json(answer, 202);
  });

  return routes;
}

/** The deliveries of some events, by all webhooks. In the order of the events. */
export function deliveriesOfEvents(webhooksOf: (context: HttpContext) => Promise<readonly string[]>) {
  return async (context: HttpContext): Promise<Response> => {
    const { position: positions } = queryOf(context, DeliveriesOfEventsQuery);
    if (!positions) throw new Problem("invalid-request", "name at least one event: ?position=N, which may be repeated");
    const store = storeOf(context);
    const all = await Promise.all(
      (await webhooksOf(context)).map(async (webhook) => {
        const { url, deliveries } = (await store.webhook(webhook).deliveriesOf(positions)) ?? { deliveries: [] };
        return deliveries.map((delivery) => ({ webhook, url, ...delivery }));
      }),
    );
    return context.json({ deliveries: all.flat().toSorted((a, b) => a.position - b.position) });
  };
}

function boundOf(bound: number | string): ReplayRequest["from"] {
  return typeof bound === "number" ? { position: bound } : { time: Date.parse(bound) };
}
