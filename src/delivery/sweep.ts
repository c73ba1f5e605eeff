/** The cron's part: finds consumers that lag although nobody rings for them any more. The last of three safety nets. */

import { prepare } from "./checkpoint.ts";
import { logOf } from "../objects.ts";

/** Asks the log of every store that has consumers to ring for those behind. */
export async function sweep(env: Env): Promise<void> {
  await prepare(env.VIEWS);
  const { results } = await env.VIEWS.prepare(`SELECT DISTINCT store FROM headspring_checkpoints`).all<{ store: string }>();
  await Promise.all(results.map(({ store }) => logOf(env, store).sweep()));
}
