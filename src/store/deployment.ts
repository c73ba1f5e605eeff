/**
 * The version of the code that runs here, from the platform's binding `CF_VERSION_METADATA`. Versions are ordered by when they were
 * uploaded. A rollback deploys an old version again, with its old time.
 */
import type { HeadspringEnv } from "./env.ts";

export interface Deployment {
  /** The version's id: what `wrangler versions list` shows. */
  readonly id: string;
  /** When the version was uploaded, in milliseconds since 1970. */
  readonly at: number;
}

/** The version that runs; undefined: the configuration has no such binding, or the binding's content is not usable. */
export function deploymentOf(env: HeadspringEnv): Deployment | undefined {
  // Optional: configurations made for earlier releases have no such binding.
  const { id, timestamp } = (env as { readonly CF_VERSION_METADATA?: Partial<WorkerVersionMetadata> }).CF_VERSION_METADATA ?? {};
  const at = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  return typeof id === "string" && id !== "" && Number.isFinite(at) && at >= 0 ? { id, at } : undefined;
}
