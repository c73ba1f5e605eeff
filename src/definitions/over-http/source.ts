/**
 * A source that is declared over HTTP: its definition, and the source that it becomes. The form is in source-form.ts, the check of its
 * expressions in source-check.ts. Pure.
 */

import * as z from "zod";
import type { JsonObject } from "../../core/event.ts";
import { listed } from "../../core/issue.ts";
import type { Scope } from "../expressions/expression.ts";
import { EXPRESSION_STEPS } from "../expressions/limits.ts";
import { EFFORT, type InScope, condition, idOf, made, text } from "../processors/rules-values.ts";
import { type AnySourceKind, SourceStopped } from "../sources/kind.ts";
import { MOST_EVERY_MS, type Source } from "../sources/source.ts";
import { keptExpression } from "./kept-expression.ts";
import { makerOf } from "./processor-compile.ts";
import { type SourceDefinition, type SourceKinds, millisecondsIn, settingsIn, unknownKind } from "./source-form.ts";

export { type SourceDefinition, SourceDefinitionIn, type SourceKinds, readSource } from "./source-form.ts";
export { checkSource } from "./source-check.ts";

/** What a definition names. */
export function namesIn({ to }: SourceDefinition): { readonly categories: readonly string[]; readonly joined: readonly string[] } {
  return { categories: [to], joined: [] };
}

/** Whatever is known of a change, an expression means the same: so it is compiled for changes of any form. */
const SCOPE: Scope = { change: true };

/**
 * The source, compiled. Never throws for a definition that was kept: one whose kind this worker does not have, or no longer with such
 * settings, stops as soon as it connects, and says why.
 */
export function sourceFrom(name: string, definition: SourceDefinition, kinds: SourceKinds, store: string): Source {
  const { description, to, every, stream, type, data, where } = definition;
  const expressions = {
    where: where === undefined ? undefined : keptExpression(where, SCOPE),
    stream: keptExpression(stream, SCOPE),
    type: type === undefined ? undefined : keptExpression(type, SCOPE),
    data: data === undefined ? undefined : makerOf(data, SCOPE),
  };
  const everyMs = every === undefined ? undefined : millisecondsIn(every);
  return {
    kind: "source",
    name,
    ...(description === undefined ? {} : { description }),
    outside: outsideOf(definition, kinds),
    to,
    store,
    ...(everyMs === undefined ? {} : { everyMs }),
    eventOf(change: JsonObject) {
      // What one expression may take at most, they may take together: a change takes a moment, whatever the definition.
      const values: InScope = { change, [EFFORT]: { left: EXPRESSION_STEPS } };
      if (expressions.where && !condition("where", expressions.where, values)) return undefined;
      return {
        stream: idOf("stream", expressions.stream, values, false) as string,
        ...(expressions.type ? { type: text("type", expressions.type, values) } : {}),
        data: expressions.data ? made("data", expressions.data, values) : change,
      };
    },
  };
}

/** Why this worker cannot follow what the definition names; undefined: it can. */
export function whyNotFollowed(definition: SourceDefinition, kinds: SourceKinds): string | undefined {
  const kind = kinds.get(definition.kind);
  if (!kind) return unknownKind(definition.kind, kinds);
  const settings = settingsIn(definition, kind);
  return "issues" in settings ? `this worker's kind ${kind.name} does not accept the settings: ${listed(settings.issues)}` : undefined;
}

function outsideOf(definition: SourceDefinition, kinds: SourceKinds): Source["outside"] {
  const kind = kinds.get(definition.kind);
  const found = kind && settingsIn(definition, kind);
  if (kind && found && "settings" in found) return { kind, settings: found.settings };
  return { kind: stopped(definition.kind, whyNotFollowed(definition, kinds) ?? ""), settings: {} };
}

/** A kind that stops at once. */
function stopped(name: string, why: string): AnySourceKind {
  const stop = async (): Promise<never> => {
    throw new SourceStopped(why);
  };
  // What it keeps outside stays there, and the answer to its removal says so.
  return { name, settings: z.looseObject({}), change: true, needs: () => [], everyMs: MOST_EVERY_MS, connect: stop, forget: stop };
}
