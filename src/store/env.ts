/** The bindings and variables of a deployment that Headspring uses. */

import type { CatalogRpc, DirectoryRpc } from "./catalog-protocol.ts";
import type { SourceRpc } from "./source-protocol.ts";
import type { SegmentRpc } from "./segment.ts";
import type { StreamWire } from "./packed-stream.ts";
import type { WebhookRpc } from "./webhook-protocol.ts";

/** A namespace of objects, reduced to what is used: it finds objects by their names. */
export interface Objects<Rpc> {
  getByName(name: string, options?: { readonly locationHint?: DurableObjectLocationHint }): Rpc;
  jurisdiction(jurisdiction: DurableObjectJurisdiction): Objects<Rpc>;
}

/** The bindings that Headspring uses, all of them: a deployment may leave out those of objects, see {@link DeploymentEnv}. */
export interface HeadspringEnv {
  readonly STREAMS: Objects<StreamWire>;
  readonly LOGS: Objects<SegmentRpc>;
  readonly WEBHOOKS: Objects<WebhookRpc>;
  readonly CATALOGS: Objects<CatalogRpc & DirectoryRpc>;
  readonly SOURCES: Objects<SourceRpc>;
  /** Views and checkpoints. A view may name another D1 binding. */
  readonly VIEWS: D1Database;
  /** The queue that wakes consumers; its consumer is this Worker. */
  readonly WAKE_UPS: Queue;
  /** The version of the code, which orders the generations of views. */
  readonly CF_VERSION_METADATA?: WorkerVersionMetadata;
  /** `local`: without tokens, and webhooks may go to addresses of this machine. */
  readonly HEADSPRING_ENV?: string;
  /** Where stores lie that are not placed explicitly. */
  readonly JURISDICTION?: string;
  readonly LOCATION?: string;
  /** `free` keeps to the limits of the Free plan. */
  readonly WORKERS_PLAN?: string;
  /** Bytes at which a segment of a log is full. */
  readonly LOG_SEGMENT_BYTES?: string;
}

export type ObjectBinding = "STREAMS" | "LOGS" | "WEBHOOKS" | "CATALOGS" | "SOURCES";

/** What a Worker must have bound: the classes of objects that it exports under their own names need no binding. */
export type DeploymentEnv = Omit<HeadspringEnv, ObjectBinding> & Partial<Pick<HeadspringEnv, ObjectBinding>>;

/** `npm start` and the tests, on the developer's own machine: without tokens, and webhooks may go to addresses of this machine. */
export function isLocal({ HEADSPRING_ENV }: Pick<HeadspringEnv, "HEADSPRING_ENV">): boolean {
  return HEADSPRING_ENV === "local";
}
