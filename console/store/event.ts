/** The shapes of the API that several pages read. */

export interface StoredEvent {
  readonly id: string;
  /** `category/id` */
  readonly stream: string;
  readonly version: number;
  readonly position?: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly time: string;
  readonly recordedAt: string;
  readonly schemaVersion?: number;
  readonly erased?: boolean;
  readonly unlifted?: string;
}

export interface LogPage {
  readonly events: readonly StoredEvent[];
  readonly hasMore: boolean;
  readonly next: number | null;
  readonly head: number;
}

export type ConsumerStatus = "live" | "catching-up" | "paused" | "failed" | "rebuilding";

export interface ConsumerReport {
  readonly name: string;
  readonly kind: "view" | "processor" | "webhook";
  readonly origin: "code" | "api";
  readonly status: ConsumerStatus;
  readonly position: number;
  readonly head: number;
  readonly lag: number;
  readonly lagSeconds: number;
  readonly attempts: number;
  readonly processed: number;
  readonly failures: number;
  readonly lastProgressAt?: string;
  readonly lastError?: ConsumerError;
  /** It answers from the table of an earlier definition. */
  readonly stale?: true;
  readonly rebuild?: {
    readonly status: "building" | "paused" | "failed";
    readonly position: number;
    readonly head: number;
    readonly startedAt: string;
    readonly eventsPerSecond?: number;
    readonly estimatedEnd?: string;
    readonly lastError?: ConsumerError;
  };
  /** Of `GET /consumers/{name}` alone. */
  readonly skipped?: readonly (ConsumerError & { readonly skippedAt: string })[];
}

/** Why an attempt failed, and at which event. */
export interface ConsumerError {
  readonly message: string;
  readonly at: string;
  readonly event?: { readonly position: number; readonly stream: string; readonly version: number; readonly type: string };
}

/** `GET /app`. */
export interface AppReport {
  readonly categories: readonly {
    readonly name: string;
    readonly kind: string;
    readonly origin: "code" | "api";
    readonly events: readonly { readonly type: string; readonly schemaVersion: number }[];
    readonly commands?: readonly string[];
    readonly description?: string;
  }[];
  readonly views: readonly {
    readonly name: string;
    readonly origin: "code" | "api";
    readonly follows: readonly Followed[];
    readonly key: string;
    readonly columns: unknown;
    readonly queries?: readonly string[];
    /** It lists processes by status. */
    readonly processes?: boolean;
  }[];
  readonly processors: readonly {
    readonly name: string;
    readonly kind: string;
    readonly origin: "code" | "api";
    readonly follows: readonly Followed[];
    /** Null: a saga, whose steps may send to any aggregate. */
    readonly emits: readonly { readonly aggregate?: string; readonly category?: string }[] | null;
  }[];
  readonly sources: readonly { readonly name: string; readonly kind: string; readonly origin: "code" | "api"; readonly to: string }[];
  /** The kinds of sources that can be declared, with JSON Schemas. */
  readonly sourceKinds: readonly {
    readonly name: string;
    readonly settings: object;
    readonly change: object | true;
    readonly isBrought?: true;
  }[];
}

/** A view of `GET /views`. */
export interface ViewReport {
  readonly name: string;
  readonly origin: "code" | "api";
  readonly description?: string;
  /** The column that has the key. */
  readonly key: string;
  /** Its JSON Schema; absent where the view cannot be read. */
  readonly row?: boolean | Readonly<Record<string, unknown>>;
  readonly queries?: readonly string[];
  readonly position?: number;
  readonly status?: ConsumerStatus;
  readonly stale?: boolean;
  readonly rebuild?: unknown;
  readonly exposed?: boolean;
  /** The code has a view of this name, which counts. */
  readonly shadowed?: boolean;
  /** As it was declared over HTTP. */
  readonly definition?: Readonly<Record<string, unknown>>;
}

/** `GET /streams/{category}`. */
export interface CategoryDefinition {
  readonly name: string;
  readonly kind: string;
  readonly description?: string;
  readonly key?: string;
  readonly strict: boolean;
  /** The body of an append without an id is the data alone. */
  readonly facts: boolean;
  readonly events: Readonly<Record<string, unknown>>;
  readonly commands?: Readonly<Record<string, { readonly schema: unknown }>>;
}

interface Followed {
  readonly category: string;
  readonly types: readonly string[];
}

/** The form of ids of events, and of correlations that the store has begun. */
export const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The category and the id in the name of a stream. */
export function partsOf(stream: string): { category: string; id: string } {
  const slash = stream.indexOf("/");
  return { category: stream.slice(0, slash), id: stream.slice(slash + 1) };
}
