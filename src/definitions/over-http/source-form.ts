/** The form of a source's definition, as clients send it and as it is kept. What its expressions mean is checked elsewhere. Pure. */

import * as z from "zod";
import { type Duration, milliseconds } from "../../core/duration.ts";
import { ISSUES } from "../../core/limits.ts";
import type { Issue } from "../../core/issue.ts";
import type { AnySourceKind } from "../sources/kind.ts";
import { LEAST_EVERY_MS, MOST_EVERY_MS } from "../sources/source.ts";
import { listed } from "./expression-checks.ts";
import { forbiddenIn, issuesOf } from "./form-issues.ts";
import { CategoryName, Maker, type MakerDefinition, Text } from "./processor-form.ts";

const Every = z.string("a duration, such as `5s`").superRefine((text, context) => {
  const ms = millisecondsIn(text);
  if (ms === undefined) context.addIssue("a duration: a whole number and ms, s, m, h or d, such as `5s`");
  else if (ms < LEAST_EVERY_MS || ms > MOST_EVERY_MS) context.addIssue(`from ${LEAST_EVERY_MS}ms to ${MOST_EVERY_MS / 3_600_000}h`);
});

/** What every source has, whatever it follows. */
const COMMON = {
  kind: z.string("the name of a kind of source"),
  description: z.string().max(1_024).optional(),
  to: CategoryName,
  stream: Text,
  type: Text.optional(),
  data: Maker.optional(),
  where: Text.optional(),
  every: Every.optional(),
};
const NAMES = Object.keys(COMMON);

/** How the API's description shows it: the settings of the kind are further members. */
export const SourceDefinitionIn = z.looseObject(COMMON);
const Common = z.object(COMMON);

/** A definition as it is kept: as it was sent. */
export interface SourceDefinition {
  readonly kind: string;
  readonly description?: string | undefined;
  readonly to: string;
  readonly stream: string;
  readonly type?: string | undefined;
  readonly data?: MakerDefinition | undefined;
  readonly where?: string | undefined;
  readonly every?: string | undefined;
  /** The settings of the kind. */
  readonly [setting: string]: unknown;
}

/** Kinds of sources by name. */
export type SourceKinds = ReadonlyMap<string, AnySourceKind>;

/** A definition whose form is right. */
export interface SourceForm {
  readonly definition: SourceDefinition;
  readonly kind: AnySourceKind;
  /** As the kind reads them. */
  readonly settings: object;
}

/** The definition that a body declares, or what is wrong with its form. */
export function readSource(body: unknown, kinds: SourceKinds): SourceForm | { readonly issues: readonly Issue[] } {
  const forbidden = forbiddenIn(body, "");
  if (forbidden) return { issues: [forbidden] };
  const common = Common.safeParse(body);
  const issues = common.success ? [] : issuesOf(common.error, "");
  const sent = (typeof body === "object" && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  const kind = typeof sent.kind === "string" ? kinds.get(sent.kind) : undefined;
  if (!kind) {
    if (typeof sent.kind === "string") issues.unshift({ path: "kind", message: unknownKind(sent.kind, kinds) });
    return { issues: issues.slice(0, ISSUES) };
  }
  const settings = settingsIn(sent, kind);
  if ("issues" in settings) issues.push(...settings.issues);
  if (kind.isBrought && sent.every !== undefined)
    issues.push({ path: "every", message: `the platform brings what a source of kind ${kind.name} reads: leave \`every\` out` });
  if ("issues" in settings || issues.length > 0) return { issues: issues.slice(0, ISSUES) };
  return { definition: sent as SourceDefinition, kind, settings: settings.settings };
}

/** Why this worker has no such kind, and what gives it one. */
export function unknownKind(name: string, kinds: SourceKinds): string {
  const known = listed([...kinds.keys()].toSorted());
  const shown = name.length > KIND_CHARACTERS ? `${name.slice(0, KIND_CHARACTERS)}…` : name;
  return `this worker has no kind of source "${shown}"; it has ${known}. A worker gets further kinds in its code: defineApp({ sourceKinds: [postgres] })`;
}

/** Characters of an unknown kind that a message repeats. Ours: more than any kind's name has. */
const KIND_CHARACTERS = 64;

/** The settings of the kind among the members of a definition, or what is wrong with them. */
export function settingsIn(
  definition: Readonly<Record<string, unknown>>,
  { name, settings }: AnySourceKind,
): { readonly settings: object } | { readonly issues: readonly Issue[] } {
  const own = Object.fromEntries(Object.entries(definition).filter(([member]) => !NAMES.includes(member)));
  const parsed = settings.safeParse(own);
  if (parsed.success) return { settings: parsed.data as object };
  const shape: unknown = "shape" in settings ? settings.shape : undefined;
  const known = [...NAMES, ...(typeof shape === "object" && shape !== null ? Object.keys(shape) : [])];
  const issues = parsed.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" && issue.path.length === 0
      ? issue.keys.map((path) => ({ path, message: `a source of kind ${name} has no such member; it has ${listed(known)}` }))
      : [{ path: issue.path.join("."), message: issue.message }],
  );
  return { issues };
}

/** Undefined: it is no duration. */
export function millisecondsIn(text: string): number | undefined {
  try {
    return milliseconds(text as Duration);
  } catch {
    return undefined;
  }
}
