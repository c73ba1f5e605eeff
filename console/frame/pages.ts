/** The console's pages, in the order of the navigation. A page begins with its path, and owns everything below. */

import type { ComponentType } from "preact";
import { AppPage } from "../pages/app/app.tsx";
import { CommandsPage } from "../pages/commands/commands.tsx";
import { ConsumersPage } from "../pages/consumers/consumers.tsx";
import { LogPage } from "../pages/log/log.tsx";
import { DeclarePage } from "../pages/declare/declare.tsx";
import { OverviewPage } from "../pages/overview/overview.tsx";
import { StoryPage } from "../pages/story/story.tsx";
import { ProcessesPage } from "../pages/processes/processes.tsx";
import { SourcesPage } from "../pages/sources/sources.tsx";
import { StreamsPage } from "../pages/streams/streams.tsx";
import { StoresPage } from "../pages/stores/stores.tsx";
import { WebhooksPage } from "../pages/webhooks/webhooks.tsx";
import { ViewsPage } from "../pages/views/views.tsx";

export interface PageEntry {
  /** After the console's own: `/log`. */
  readonly path: string;
  readonly title: string;
  /** Other words that someone may look for it by. */
  readonly words?: string;
  readonly page: ComponentType;
}

export const PAGES: readonly PageEntry[] = [
  { path: "/", title: "Overview", words: "home start", page: OverviewPage },
  { path: "/log", title: "Live log", words: "tail events follow history", page: LogPage },
  { path: "/streams", title: "Streams", words: "categories state time travel versions", page: StreamsPage },
  { path: "/story", title: "Stories", words: "causation correlation graph time trace", page: StoryPage },
  { path: "/views", title: "Views", words: "rows read models projections queries", page: ViewsPage },
  { path: "/processes", title: "Processes", words: "sagas process managers stuck compensation timers", page: ProcessesPage },
  { path: "/commands", title: "Send", words: "command append event fact dry run", page: CommandsPage },
  { path: "/consumers", title: "Consumers", words: "lag retry skip pause reset rebuild failed", page: ConsumersPage },
  { path: "/sources", title: "Sources", words: "database postgres queue broker nats mqtt ingest lag", page: SourcesPage },
  { path: "/webhooks", title: "Webhooks", words: "deliveries endpoints secret replay parked", page: WebhooksPage },
  { path: "/app", title: "The app", words: "graph map event types schemas architecture", page: AppPage },
  { path: "/declare", title: "Declare", words: "create stream view processor source definition schema", page: DeclarePage },
  { path: "/stores", title: "Stores and cost", words: "health metrics switch database bytes dollars", page: StoresPage },
];
