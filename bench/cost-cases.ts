/** What the cost meter measures: commands to one aggregate, with different company. Its apps are those of {@link ./cost-apps.ts}. */

export interface CostCase {
  readonly title: string;
  /** Every command is the first of its stream. Else they go to streams that are there, each in its turn. */
  readonly isCold?: boolean;
  readonly hasKey?: boolean;
  readonly hasWebhook?: boolean;
  /** Milliseconds from one object to another and back. Clients then wait as they usually do, so that a write which gives up waiting shows. */
  readonly distanceMs?: number;
}

export type CaseName = "cold" | "coldView" | "hot" | "key" | "view" | "views" | "reactor" | "webhook" | "near" | "far" | "overseas";

export const CASES: Readonly<Record<CaseName, CostCase>> = {
  cold: { title: "a new stream each time, the log", isCold: true },
  coldView: { title: "a new stream each time, the log and one view", isCold: true },
  hot: { title: "a stream that is there, the log" },
  key: { title: "… and an idempotency key", hasKey: true },
  view: { title: "… and one view" },
  views: { title: "… and three views" },
  reactor: { title: "… and a reactor that answers with a command" },
  webhook: { title: "… and a webhook", hasWebhook: true },
  near: { title: "a stream that is there, its log 20 ms away", distanceMs: 20 },
  far: { title: "… 60 ms away", distanceMs: 60 },
  overseas: { title: "… 150 ms away", distanceMs: 150 },
};

/** The case that the aim is set for, and the aim: dollars per million commands under steady load. */
export const AIMED = "view";
export const AIM = 5;
