/** Rate limits, by the platform's binding `RATE_LIMIT`. A deployment that declares none has no limit, and pays nothing for it. */

import { RATE_LIMIT_RETRY_SECONDS } from "./limits.ts";
import { logger } from "../telemetry/logger.ts";
import { Problem } from "./problem.ts";
import type { Caller } from "./auth-caller.ts";
import type { HttpContext } from "./request.ts";

/**
 * Counts a request.
 *
 * @param caller its sender; without one its address counts
 * @throws {Problem} when there were too many
 */
export async function countRequest(context: HttpContext, caller: Caller | undefined): Promise<void> {
  const limit = (context.env as { RATE_LIMIT?: RateLimit }).RATE_LIMIT;
  if (!limit) return;
  // The platform writes this header; a client's own value does not arrive.
  const key = caller ? `token ${caller.by}` : `address ${context.req.header("cf-connecting-ip") ?? "unknown"}`;
  const { success } = await limit.limit({ key }).catch((error: unknown) => {
    // A limit that cannot be checked must not close the store.
    logger.warn({ message: "the rate limiter could not be asked; the request is allowed" }, error);
    return { success: true };
  });
  if (success) return;
  throw new Problem(
    "rate-limited",
    `${caller?.what ?? "this address"} sends too many requests`,
    {},
    { "retry-after": String(RATE_LIMIT_RETRY_SECONDS) },
  );
}
