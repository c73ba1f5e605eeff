import { Hono } from "hono";
import { Webhook } from "standardwebhooks";

const handled = new Set<string>(); // in production: a table, with the work in the same transaction

const receiver = new Hono<{ Bindings: { WEBHOOK_SECRET: string } }>();

receiver.post("/", async (context) => {
  const body = await context.req.text(); // as it was sent: the signature covers its very bytes
  try {
    new Webhook(context.env.WEBHOOK_SECRET).verify(body, context.req.header());
  } catch {
    return context.text("the signature does not fit", 401);
  }
  const id = context.req.header("webhook-id") ?? "";
  if (!handled.has(id)) {
    const { type, data: event } = JSON.parse(body);
    console.log(type, event.stream, event.version, event.data);
    handled.add(id);
  }
  return context.body(null, 204);
});

export default receiver;
