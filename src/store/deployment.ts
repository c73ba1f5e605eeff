/**
 * Which version of the code runs here, as the platform tells by the binding `CF_VERSION_METADATA`. Versions are ordered by when they were
 * uploaded. A rollback deploys an old version again, with its old time.
 */
import type { HeadspringEnv } from "./env.ts";

export interface Deployment {
  /** The version's id: what `wrangler versions list` shows. */
  readonly id: string;
  /** When the version was uploaded, in milliseconds since 1970. */
  readonly at: number;
}

/** The version that runs; undefined: the configuration has no such binding, or it says nothing that can be used. */
export function deploymentOf(env: HeadspringEnv): Deployment | undefined {
  // Optional: a configuration of before has no such binding.
  const { id, timestamp } = (env as { readonly CF_VERSION_METADATA?: Partial<WorkerVersionMetadata> }).CF_VERSION_METADATA ?? {};
  const at = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  return typeof id === "string" && id !== "" && Number.isFinite(at) && at >= 0 ? { id, at } : undefined;
}
