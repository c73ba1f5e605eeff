/** The log: everything, in order. */

import { Hono } from "hono";
import { z } from "zod";
import { eventJson } from "../event.ts";
import { PAGE_EVENTS, PAGE_EVENTS_DEFAULT } from "../limits.ts";
import { logOf } from "../objects.ts";
import { WholeNumber, jsonText, limitOf, linkTo, queryOf, storeOf } from "./request.ts";

const LogQuery = z.object({
  after: WholeNumber.optional(),
  to: WholeNumber.optional(),
  limit: limitOf(PAGE_EVENTS, PAGE_EVENTS_DEFAULT),
  direction: z.enum(["forward", "backward"]).default("forward"),
  type: z.array(z.string()).optional(),
  category: z.array(z.string()).optional(),
  stream: z.string().optional(),
});

export function logRoutes() {
  const routes = new Hono<{ Bindings: Env }>();

  routes.get("/", async (context) => {
    const { after, to, limit, direction, type, category, stream } = queryOf(context, LogQuery);
    const forward = direction === "forward";
    const page = await logOf(context.env, storeOf(context)).read({
      after: after ?? (forward ? 0 : null),
      limit,
      direction,
      ...(to === undefined ? {} : { to }),
      ...(type ? { types: type } : {}),
      ...(category ? { categories: category } : {}),
      ...(stream === undefined ? {} : { stream }),
    });
    const events = page.events.map((event) => eventJson(event.stream, event, event.position)).join(",");
    const more = page.next !== null && (!forward || page.next < Math.min(to ?? page.head, page.head));
    const link: Record<string, string> = more ? { link: `<${linkTo(context, { after: page.next })}>; rel="next"` } : {};
    return jsonText(`{"events":[${events}],"next":${page.next},"head":${page.head}}`, 200, link);
  });

  routes.get("/head", async (context) => context.json({ head: await logOf(context.env, storeOf(context)).head() }));

  return routes;
}
