/** Sources as the API shows them, and their lag in words. */

import { bytes, counted, duration } from "../../parts/show.tsx";

export interface SourceReport {
  readonly name: string;
  readonly kind: string;
  readonly origin: "code" | "api";
  readonly description?: string;
  /** The stream's category that it feeds. */
  readonly to: string;
  readonly everyMs?: number;
  /** Why it cannot work, or why nothing is known of its progress. */
  readonly problem?: string;
  readonly shadowed?: boolean;
  /** Categories that have been retired since. */
  readonly retired?: readonly string[];
  readonly definition?: object;
  /** Absent, with all that follows: its object has not answered. */
  readonly status?: "live" | "catching-up" | "paused" | "retrying" | "failed";
  readonly position?: string;
  readonly lag?: { readonly entries?: number; readonly bytes?: number; readonly seconds?: number };
  readonly changes?: number;
  readonly appended?: number;
  readonly ended?: number;
  readonly attempts?: number;
  readonly lastError?: { readonly message: string; readonly at: string; readonly change?: string };
  readonly nextAttemptAt?: string;
  readonly lastProgressAt?: string;
  readonly warning?: string;
  readonly waiting?: number;
  readonly skipped?: readonly { readonly change: string; readonly message: string; readonly skippedAt: string }[];
}

export function behind({ lag = {} }: Pick<SourceReport, "lag">): string {
  const { entries, bytes: size, seconds } = lag;
  const known = [
    entries === undefined ? "" : counted(entries, "change"),
    size === undefined ? "" : bytes(size),
    seconds === undefined || seconds === 0 ? "" : duration(seconds * 1_000),
  ];
  return known.filter(Boolean).join(", ") || "–";
}
