/** The consumers that the code declares, of every kind. */

import type { EventFilter } from "../core/event.ts";
import { codeHash } from "../core/code-hash.ts";
import type { App } from "./app.ts";
import type { DeclaredConsumer } from "./kind.ts";
import { processorsInCode } from "./processors/kind.ts";
import { viewsInCode } from "./views/kind.ts";
import { webhooksInCode } from "./webhooks/kind.ts";

/** Every kind of consumer, in the order of reports. */
const KINDS_IN_CODE = [viewsInCode, processorsInCode, webhooksInCode] as const;

export type KindName = (typeof KINDS_IN_CODE)[number]["name"];

export const KIND_NAMES: readonly KindName[] = KINDS_IN_CODE.map(({ name }) => name);

/** The consumers that the code declares, except those that are off in this deployment. */
export interface ConsumersInCode {
  readonly names: readonly string[];
  /** The events that each handles. */
  readonly filters: ReadonlyMap<string, EventFilter>;
  /** Those that begin with the events after their first deployment. */
  readonly startingAtHead: readonly string[];
  /** A hash over all of them: when it changes, they want other events, or have something else to build. */
  readonly hash: string;
}

/** @param variables those of the deployment */
export function consumersInCode(app: App, variables: object): ConsumersInCode {
  const all = KINDS_IN_CODE.flatMap((kind): readonly DeclaredConsumer[] => kind.inCode(app, variables));
  const filters = all.map(({ name, filter: { types, categories } }) => ({ name, types, categories }));
  return {
    names: all.map(({ name }) => name),
    filters: new Map(all.map(({ name, filter }) => [name, filter])),
    startingAtHead: all.flatMap(({ name, startsAtHead }) => (startsAtHead ? [name] : [])),
    hash: codeHash({ filters, views: all.flatMap(({ code }) => (code === undefined ? [] : [code])) }),
  };
}

/** The kind of the consumer with that name, on or off. */
export function kindInCode(app: App, consumer: string): (typeof KINDS_IN_CODE)[number] | undefined {
  return KINDS_IN_CODE.find((kind) => kind.has(app, consumer));
}
