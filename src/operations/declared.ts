/** The consumers that a store's catalog declares, as its log keeps them. */

import { filterOfProcessor } from "../definitions/processors/filter.ts";
import { filterOfView } from "../definitions/views/view.ts";
import type { Definitions } from "../store/definitions.ts";
import type { DeclaredConsumers } from "../store/log-consumers.ts";
import type { DeclaredDefinitions } from "../store/run-time-definitions.ts";

/** Without those that the code shadows, and without sources, which read no log. What this code cannot compile is kept as the log has it. */
export function declaredConsumers(definitions: Definitions, { asOf, all }: DeclaredDefinitions): DeclaredConsumers {
  const consumers = all.flatMap(({ kind, name, view, processor }) => {
    if (kind === "source" || definitions.isShadowed(name)) return [];
    const filter = view ? filterOfView(view) : processor && filterOfProcessor(processor);
    return [{ consumer: name, ...(filter ? { filter } : {}) }];
  });
  return { asOf, consumers };
}
