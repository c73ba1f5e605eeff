/** What the cost meter measures: commands to one aggregate, with different company. Its apps are those of {@link ./cost-apps.ts}. */

export interface CostCase {
  readonly title: string;
  /** Every command is the first of its stream. Else they go to streams that are there, each in its turn. */
  readonly isCold?: boolean;
  readonly hasKey?: boolean;
  readonly hasWebhook?: boolean;
  /** Milliseconds from one object to another and back. Clients then wait as they usually do, so that a write which gives up waiting shows. */
  readonly distanceMs?: number;
  /** So many are sent at the same moment, which the log commits together. */
  readonly together?: number;
  /** Instead of commands, appends of so many events to a plain category: the figures are those of one event. */
  readonly events?: number;
}

export type CaseName =
  | "cold"
  | "coldView"
  | "hot"
  | "key"
  | "view"
  | "views"
  | "reactor"
  | "webhook"
  | "near"
  | "far"
  | "overseas"
  | "crowd"
  | "crowdView"
  | "append";

export const CASES: Readonly<Record<CaseName, CostCase>> = {
  cold: { title: "a new stream each time, the log", isCold: true },
  coldView: { title: "a new stream each time, the log and one view", isCold: true },
  hot: { title: "a stream that is there, the log" },
  key: { title: "… and an idempotency key", hasKey: true },
  view: { title: "… and one view" },
  views: { title: "… and three views" },
  reactor: { title: "… and a reactor that answers with a command" },
  webhook: { title: "… and a webhook", hasWebhook: true },
  crowd: { title: "a stream that is there, thirty at the same moment, the log", together: 30 },
  crowdView: { title: "… and one view", together: 30 },
  append: { title: "an event of an append of 100, the log", events: 100 },
  near: { title: "a stream that is there, its log 20 ms away", distanceMs: 20 },
  far: { title: "… 60 ms away", distanceMs: 60 },
  overseas: { title: "… 150 ms away", distanceMs: 150 },
};

/** The case that the aim is set for, and the aim: dollars per million commands under steady load. */
export const AIMED = "crowdView";
export const AIM = 3;
