/** The consumers that the code declares, of every kind, by name. */

import type { EventFilter } from "../core/event.ts";
import { codeHash } from "../core/code-hash.ts";
import type { App } from "./app.ts";
import type { DeclaredConsumer, DeclaredKind } from "./kind.ts";
import { processorsInCode } from "./processors/kind.ts";
import { viewsInCode } from "./views/kind.ts";
import { webhooksInCode } from "./webhooks/kind.ts";

/** Every kind that code can declare. Reports list them in this order. */
const KINDS_IN_CODE: readonly DeclaredKind[] = [viewsInCode, processorsInCode, webhooksInCode];

function declared(app: App, variables: object): DeclaredConsumer[] {
  return KINDS_IN_CODE.flatMap((kind) => kind.inCode(app, variables));
}

/** Every consumer that the code declares, except those that are off in this deployment. */
export function consumersInCode(app: App, variables: object): string[] {
  return declared(app, variables).map(({ name }) => name);
}

/** Every consumer that the code declares, with the events that it handles. */
export function filtersInCode(app: App, variables: object): ReadonlyMap<string, EventFilter> {
  return new Map(declared(app, variables).map(({ name, filter }) => [name, filter]));
}

/** A hash over the code's consumers: when it changes, they want other events, or have something else to build. */
export function audienceHash(app: App, variables: object): string {
  const consumers = declared(app, variables);
  const filters = consumers.map(({ name, filter: { types, categories } }) => ({ name, types, categories }));
  return codeHash({ filters, views: consumers.flatMap(({ code }) => (code === undefined ? [] : [code])) });
}

/** The code's consumers that begin after the event that was last when they were first deployed. */
export function startingAtHead(app: App, variables: object): string[] {
  return declared(app, variables).flatMap(({ name, startsAtHead }) => (startsAtHead ? [name] : []));
}

/** Whether the consumer keeps its position itself, so that only it can report how far it is. */
export function keepsOwnPlace(app: App, consumer: string): boolean {
  return KINDS_IN_CODE.some((kind) => kind.keepsOwnPlace && kind.has(app, consumer));
}
