/** Waiting for a worker of cost-meter.ts to come to rest. */

import { type Client, until } from "../scripts/client.ts";
import type { Counts } from "./cost-bill.ts";

/** What was counted, once nothing is under way any more. */
export function atRest(client: Client): Promise<Counts> {
  return until("the store came to rest", async () => {
    const state = await client.get<{ counts: Counts; isQuiet: boolean }>("/counts");
    return state.isQuiet ? state.counts : undefined;
  });
}
