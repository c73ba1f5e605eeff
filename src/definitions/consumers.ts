/** The consumers of the code, of every kind, by name: all that follow the log. */

import type { EventFilter } from "../core/event.ts";
import { codeHash } from "../core/code-hash.ts";
import type { App } from "./app.ts";
import type { DeclaredKind } from "./kind.ts";
import { processorsInCode } from "./processors/kind.ts";
import { viewsInCode } from "./views/kind.ts";
import { webhooksInCode } from "./webhooks/kind.ts";

/** Every kind that code can declare. Their order is that of reports. */
const KINDS_IN_CODE: readonly DeclaredKind[] = [viewsInCode, processorsInCode, webhooksInCode];

/** The consumers that the code declares. One that is off in this deployment is not among them. */
export interface ConsumersInCode {
  readonly names: readonly string[];
  /** The events that each handles. */
  readonly filters: ReadonlyMap<string, EventFilter>;
  /** Those that begin with what comes after their first deployment. */
  readonly startingAtHead: readonly string[];
  /** A name for all of them: under another one they want other events, or have something else to build. */
  readonly hash: string;
}

/** @param variables the deployment's */
export function consumersInCode(app: App, variables: object): ConsumersInCode {
  const all = KINDS_IN_CODE.flatMap((kind) => kind.inCode(app, variables));
  const filters = all.map(({ name, filter: { types, categories } }) => ({ name, types, categories }));
  return {
    names: all.map(({ name }) => name),
    filters: new Map(all.map(({ name, filter }) => [name, filter])),
    startingAtHead: all.flatMap(({ name, startsAtHead }) => (startsAtHead ? [name] : [])),
    hash: codeHash({ filters, views: all.flatMap(({ code }) => (code === undefined ? [] : [code])) }),
  };
}

/** The kind of the consumer of that name, on or off. */
export function kindInCode(app: App, consumer: string): DeclaredKind | undefined {
  return KINDS_IN_CODE.find((kind) => kind.has(app, consumer));
}
