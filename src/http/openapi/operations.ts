/** The operations that every app has, in the order of the document. A test compares them with the routes. */

import type { Operation } from "./operation.ts";
import { commands } from "./operations/commands.ts";
import { consumers } from "./operations/consumers.ts";
import { log } from "./operations/log.ts";
import { processors } from "./operations/processors.ts";
import { sources } from "./operations/sources.ts";
import { sagas } from "./operations/sagas.ts";
import { service } from "./operations/service.ts";
import { stores } from "./operations/stores.ts";
import { streams } from "./operations/streams.ts";
import { views } from "./operations/views.ts";
import { webhooks } from "./operations/webhooks.ts";

export const OPERATIONS: readonly Operation[] = [
  ...commands,
  ...sagas,
  ...streams,
  ...sources,
  ...log,
  ...views,
  ...processors,
  ...consumers,
  ...webhooks,
  ...stores,
  ...service,
];

/** The tags of these operations. */
export const TAGS: Readonly<Record<string, string>> = {
  Commands: "Commands in, state out.",
  Sagas: "Steps across several aggregates: all of them happen, or those that did are undone.",
  Streams: "Facts in, events out.",
  Sources: "Data that comes in by itself: from databases, queues and brokers.",
  Log: "Everything, in order.",
  Views: "Data out.",
  Processors: "Data transformed.",
  Consumers: "Views, processors and webhooks: how far each has read the log.",
  Webhooks: "Endpoints that receive events.",
  Stores: "All stores, and where their data is.",
  Service: "The service itself.",
};
