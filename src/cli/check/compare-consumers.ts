/** Compares the code's views, processors and webhooks with those that the store has. */

import { compareProcessors } from "./compare-processors.ts";
import { compareViews } from "./compare-views.ts";
import type { Deployed } from "./deployed.ts";
import type { Finding } from "./finding.ts";
import type { Inspected } from "./inspect.ts";
import type { Stored } from "./stored.ts";

/** Ids of webhooks that were added over HTTP begin with it. */
const ADDED = "wh_";

/** What is different about any of them. */
export function compareConsumers(code: Inspected, deployed: Deployed, stored: Stored): Finding[] {
  return [...compareViews(code, deployed, stored), ...compareProcessors(code, deployed, stored), ...compareWebhooks(code, deployed)];
}

function compareWebhooks(code: Inspected, deployed: Deployed): Finding[] {
  return [...deployed.consumers].flatMap(([name, { kind, position }]): Finding[] =>
    kind !== "webhook" || name.startsWith(ADDED) || code.webhooks.includes(name)
      ? []
      : [
          {
            severity: "breaks",
            code: "webhook-removed",
            about: name,
            what: `the code no longer has the webhook ${name}, which is switched on there: nothing is sent any more, and what waits or is parked stays where it is. Its object keeps its place (position ${position}): if it comes back, it continues there`,
            remedy: `A renamed webhook is another one. If it is meant, --allow webhook-removed:${name} passes it.`,
            details: { position },
          },
        ],
  );
}
