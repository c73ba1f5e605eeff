/** Compares the code's categories with the store's: what stored events would be to this code. */

import { incompatibility } from "../../schemas/schema-change.ts";
import { schemaIssues } from "../../schemas/schema-check.ts";
import type { JsonSchema } from "../../schemas/json-schema.ts";
import { openly } from "../../schemas/openly.ts";
import type { Deployed, DeployedCategory } from "./deployed.ts";
import {
  type Category,
  type Elsewhere,
  declaredOverHttp,
  goneCommands,
  lowerVersion,
  otherKey,
  otherKind,
  removedCategory,
  removedType,
  retired,
  stricterSchema,
  unreadable,
} from "./category-findings.ts";
import type { Finding } from "./finding.ts";
import type { Inspected } from "./inspect.ts";
import type { Stored } from "./stored.ts";

export async function compareCategories(code: Inspected, deployed: Deployed, stored: Stored, elsewhere: Elsewhere): Promise<Finding[]> {
  const own = new Map(code.categories.map((one) => [one.name, one]));
  const before = new Map(deployed.categories.flatMap((one) => (one.origin === "code" ? [[one.name, one]] : [])));
  const processes = new Set(deployed.processors.map(({ name }) => name));
  const findings: Finding[] = stored.unreadable.map(unreadable);
  const isUnreadable = (category: string, type: string) => stored.unreadable.some((one) => one.category === category && one.type === type);
  for (const { name, kind, events } of before.values()) {
    const now = own.get(name);
    if (now === undefined) {
      // A process that is gone is reported as a consumer.
      if (!processes.has(name)) findings.push(removedCategory(name, kind, await elsewhere.streams(name)));
      continue;
    }
    if (now.kind !== kind) findings.push(otherKind(now, kind, await elsewhere.streams(name)));
    const versions = new Map(now.events.map(({ type, schemaVersion }) => [type, schemaVersion]));
    for (const { type, schemaVersion = 1 } of events) {
      if (isOurs(type) || isUnreadable(name, type)) continue;
      const known = versions.get(type);
      if (known === undefined) findings.push(await removedType(now, type, stored, elsewhere));
      else if (known < schemaVersion) findings.push(lowerVersion(name, type, known, schemaVersion));
    }
  }
  for (const category of code.categories) {
    const found = deployed.category(category.name);
    if (found === "retired") findings.push(retired(category.name));
    else if (found !== undefined) findings.push(...(await compared(category, found, before.get(category.name)?.commands)));
  }
  return findings;

  async function compared(now: Category, found: DeployedCategory, commands: readonly string[] = []): Promise<Finding[]> {
    const others: Finding[] = [];
    if (found.origin === "api" && now.kind === "aggregate") others.push(declaredOverHttp(now.name));
    else if (found.removed && found.kind !== now.kind) others.push(otherKind(now, found.kind, await elsewhere.streams(now.name)));
    if (now.kind === "plain" && found.kind === "plain" && !found.removed && found.key !== now.key)
      others.push(otherKey(now.name, found.key, now.key));
    const gone = commands.filter((command) => now.kind === "aggregate" && !("commands" in now && now.commands?.includes(command)));
    if (gone.length > 0) others.push(goneCommands(now.name, gone));
    if (found.origin === "api") {
      const types = new Set(now.events.map(({ type }) => type));
      for (const type of Object.keys(found.events ?? {}))
        if (!types.has(type)) others.push(await removedType(now, type, stored, elsewhere));
    }
    for (const { eventType, version, schema } of now.schemas) {
      const old = Object.hasOwn(found.events ?? {}, eventType) ? found.events?.[eventType] : undefined;
      if (old === undefined || versionIn(old) !== version || isUnreadable(now.name, eventType)) continue;
      const stricter = stricterThan(old, schema);
      if (stricter) others.push(stricterSchema(now.name, eventType, stricter, stored));
    }
    return others;
  }
}

/** The store's own event types. */
function isOurs(type: string): boolean {
  return type.startsWith("$");
}

function versionIn(schema: unknown): number {
  const version = typeof schema === "object" && schema !== null && "x-version" in schema ? schema["x-version"] : 1;
  return typeof version === "number" ? version : 1;
}

function stricterThan(old: unknown, text: string): { readonly path: string; readonly reason: string } | undefined {
  const next = openly(JSON.parse(text) as JsonSchema);
  if (schemaIssues(old).length > 0 || schemaIssues(next).length > 0) return undefined;
  return incompatibility(old as JsonSchema, next);
}
