/** The worker of the tests in workerd: the shop, and small parts that are there to be tested. */

import { createWorker, objects } from "../../src/runtime.ts";
import { app } from "./app.ts";
import type { WakeUp } from "../../src/store/consumer-protocol.ts";
import { isLeft } from "./errors.ts";
import { inEurope } from "./jurisdictions.ts";
import { versioned } from "./versions/deployed.ts";

const worker = createWorker(app, { sourcery: true });

export default {
  ...worker,
  /** Consumers of earlier files that keep failing are woken for ever. In a runtime that files share, the next one's would wait behind them. */
  async queue(batch, ...rest) {
    const isOfNone = ({ body }: Message) => isLeft((body as WakeUp | null)?.store ?? "");
    for (const message of batch.messages) if (isOfNone(message)) message.ack();
    const messages = batch.messages.filter((message) => !isOfNone(message));
    const { queue, metadata } = batch;
    const others = { queue, metadata, messages, ackAll: () => batch.ackAll(), retryAll: (how?: QueueRetryOptions) => batch.retryAll(how) };
    if (messages.length > 0) await worker.queue(others, ...rest);
  },
} satisfies ExportedHandler<Env>;
export class StreamObject extends versioned("StreamObject", "streams", app) {}
export class LogObject extends versioned("LogObject", "log", app) {}
export class SourceObject extends versioned("SourceObject", "sources", app) {}
export class WebhookObject extends versioned("WebhookObject", "webhooks", app) {}
const classes = objects(app);
export const { CatalogObject } = classes;

export class EuStreamObject extends inEurope(classes.StreamObject) {}
export class EuLogObject extends inEurope(classes.LogObject) {}
export class EuWebhookObject extends inEurope(classes.WebhookObject) {}
export class EuCatalogObject extends inEurope(classes.CatalogObject) {}
export class EuSourceObject extends inEurope(classes.SourceObject) {}
