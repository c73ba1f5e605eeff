/** A webhook and its deliveries, as the API reports them. */

import type { ConsumerError } from "../../store/event.ts";

export interface WebhookReport {
  readonly id: string;
  readonly url: string;
  readonly types?: readonly string[];
  readonly categories?: readonly string[];
  readonly where?: unknown;
  readonly description?: string;
  /** Names alone. */
  readonly headers?: readonly string[];
  readonly rate?: number;
  readonly concurrency?: number;
  readonly asymmetric?: boolean;
  readonly format?: "event" | "cloudevents";
  readonly createdAt?: string;
  readonly origin: "code" | "api";
  readonly status: "live" | "catching-up" | "paused" | "failed";
  readonly disabled?: { readonly reason: "gone" | "failing"; readonly at: string };
  readonly position: number;
  readonly pending: number;
  readonly parked: number;
  readonly attempts: number;
  readonly lastError?: ConsumerError;
  readonly totals: { readonly delivered: number; readonly failed: number; readonly parked: number; readonly skipped: number };
  readonly health: {
    readonly successRate?: number;
    readonly lastSuccessAt?: string;
    readonly failingSince?: string;
    readonly nextAttemptAt?: string;
  };
  readonly blocked?: { readonly streams: number; readonly since: string; readonly fullSince?: string };
  readonly replays: readonly { readonly id: number; readonly position: number; readonly to: number }[];
}

export interface Delivery {
  readonly id: string;
  readonly webhookId: string;
  readonly stream: string;
  readonly position: number;
  readonly type: string;
  readonly status: "pending" | "delivered" | "parked" | "skipped";
  readonly attempts: number;
  readonly lastAttemptAt: string;
  readonly durationMs: number;
  readonly response?: number;
  readonly error?: string;
  readonly excerpt?: string;
  readonly nextAttemptAt?: string;
  /** Events of its stream that wait for it. */
  readonly behind?: number;
  /** Each attempt, the oldest first; the latest twenty. */
  readonly history?: readonly { readonly at: string; readonly durationMs: number; readonly response?: number; readonly error?: string }[];
}

/** The share of the attempts of a day that arrived. */
export function rate({ health: { successRate } }: WebhookReport): string {
  return successRate === undefined ? "–" : `${Math.floor(successRate * 1_000) / 10} %`;
}

/** Which events it sends. */
export function wants({ types, categories, where }: WebhookReport): string {
  const of = [types?.join(", "), categories && `of ${categories.join(", ")}`, where ? "under a condition" : ""].filter(Boolean);
  return of.length === 0 ? "all events" : of.join(" ");
}
