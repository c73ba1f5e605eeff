/** What the doors and the queue say to a webhook's object. */

/** A subscription of an outside URL to events. */
export interface Subscription {
  readonly id: string;
  readonly url: string;
  readonly types?: readonly string[];
  readonly categories?: readonly string[];
  readonly description?: string;
  /** Sent along with every delivery. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `whsec_…`; shown once. */
  readonly secret: string;
  /** RFC 3339 UTC; of those added at run time. */
  readonly createdAt?: string;
}

/** A webhook as it is shown: without its secret. */
export interface WebhookReport extends Omit<Subscription, "secret" | "createdAt" | "headers"> {
  readonly createdAt?: string;
  readonly origin: "code" | "api";
  /** The last position whose deliveries are on the books. */
  readonly position: number;
  readonly pending: number;
  readonly parked: number;
}

export interface WebhookRpc {
  /** Begins after a position of the log. */
  create(subscription: Subscription, position: number): Promise<void>;
  /** Undefined: there is none (any more). */
  report(): Promise<WebhookReport | undefined>;
  /** Takes what is new in the log, and delivers. Answers with the last position on the books. */
  wake(): Promise<number>;
  remove(): Promise<void>;
}
