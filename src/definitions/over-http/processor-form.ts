/** The form of a processor's definition, as clients send it and as it is kept. What its expressions mean is checked elsewhere. Pure. */

import * as z from "zod";
import { MAX_POSITION } from "../../core/limits.ts";
import { EVENT_TYPE, NAME } from "../../core/names.ts";
import type { Issue } from "../../core/issue.ts";
import { forbiddenIn, issuesOf } from "./form-issues.ts";
import { CATEGORY_EVENT_TYPES, RULES_BRANCHES, RULES_DEPTH, RULES_MEMBERS, RULES_SOURCES, RULES_STEPS } from "../limits.ts";

/** What a name in an expression looks like. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** An expression. */
export const Text = z.string().min(1, "an expression");
export const CategoryName = z.string().regex(NAME, `the name of a category: it must match ${NAME.source}`);
const Members = z
  .record(z.string(), Text)
  .refine((members) => Object.keys(members).length > 0, "at least one member")
  .refine((members) => Object.keys(members).length <= RULES_MEMBERS, `at most ${RULES_MEMBERS} members`);
/** One expression, or one for each member. */
export const Maker = z.union([Text, Members], "an expression, or an object of expressions");

export const JoinIn = z.strictObject({
  with: z.string().regex(NAME, `the name of a view or a category: it must match ${NAME.source}`),
  by: Text,
  as: z.string().regex(IDENTIFIER, `a name for expressions: it must match ${IDENTIFIER.source}`),
  missing: z.enum(["skip", "null", "fail"]).optional(),
});
export const EmitIn = z.strictObject({ to: CategoryName, type: Text.optional(), id: Text.optional(), data: Maker.optional() });

/** The steps that have no steps within them. */
const FLAT = { filter: Text, set: Members, map: Maker, join: JoinIn, emit: EmitIn };

/** How the API's description shows it: steps within a branch are like those around it. */
export const ProcessorDefinitionIn = z.strictObject({
  description: z.string().max(1_024).optional(),
  from: z.union([CategoryName, z.array(CategoryName).min(1).max(RULES_SOURCES)], "the name of a category, or a list of them"),
  types: z
    .array(
      z
        .string()
        .regex(EVENT_TYPE)
        .refine((type) => !type.startsWith("$"), "types that begin with $ are the store's own"),
    )
    .min(1)
    .max(CATEGORY_EVENT_TYPES)
    .optional(),
  start: z.union([z.enum(["beginning", "head"]), z.int().nonnegative().max(MAX_POSITION)], "`beginning`, `head`, or a position").optional(),
  onError: z.enum(["stop", "skip"]).optional(),
  steps: z
    .array(
      z.union([
        ...Object.entries(FLAT).map(([kind, value]) => z.strictObject({ [kind]: value })),
        z.strictObject({
          branch: z
            .array(z.strictObject({ when: Text.optional(), steps: z.array(z.looseObject({})).min(1) }))
            .min(1)
            .max(RULES_BRANCHES),
        }),
      ]),
    )
    .min(1),
});

/** A definition as it is kept: as it was sent. */
export interface ProcessorDefinition {
  readonly description?: string | undefined;
  readonly from: string | readonly string[];
  readonly types?: readonly string[] | undefined;
  readonly start?: "beginning" | "head" | number | undefined;
  readonly onError?: "stop" | "skip" | undefined;
  readonly steps: readonly StepDefinition[];
}

/** One expression, or one for each member. */
export type MakerDefinition = string | Readonly<Record<string, string>>;

export type StepDefinition =
  | { readonly filter: string }
  | { readonly set: Readonly<Record<string, string>> }
  | { readonly map: MakerDefinition }
  | { readonly join: z.infer<typeof JoinIn> }
  | { readonly branch: readonly BranchDefinition[] }
  | { readonly emit: z.infer<typeof EmitIn> };

export interface BranchDefinition {
  readonly when?: string | undefined;
  readonly steps: readonly StepDefinition[];
}

const Head = ProcessorDefinitionIn.extend({ steps: z.array(z.unknown()).min(1, "at least one step") });
const Branches = z
  .array(z.strictObject({ when: Text.optional(), steps: z.array(z.unknown()).min(1, "at least one step") }))
  .min(1, "at least one branch")
  .max(RULES_BRANCHES, `at most ${RULES_BRANCHES} branches`);

/** The definition that a body declares, or what is wrong with its form. */
export function readForm(body: unknown): ProcessorDefinition | { readonly issues: readonly Issue[] } {
  const forbidden = forbiddenIn(body, "");
  if (forbidden) return { issues: [forbidden] };
  const head = Head.safeParse(body);
  if (!head.success) return { issues: issuesOf(head.error, "") };
  const { from, types } = head.data;
  const reading: Reading = { issues: [], steps: 0 };
  for (const [path, list] of [
    ["from", [from].flat()],
    ["types", types ?? []],
  ] as const) {
    const twin = list.findIndex((one, index) => list.indexOf(one) < index);
    if (twin >= 0) reading.issues.push({ path: `${path}.${twin}`, message: "it is named twice" });
  }
  readSteps(reading, head.data.steps, "steps", 1);
  // Every part of it has passed its schema.
  return reading.issues.length > 0 ? { issues: reading.issues } : (head.data as unknown as ProcessorDefinition);
}

interface Reading {
  readonly issues: Issue[];
  steps: number;
}

function readSteps(reading: Reading, steps: readonly unknown[], path: string, depth: number): void {
  if (depth > RULES_DEPTH) {
    reading.issues.push({ path, message: `steps nest ${RULES_DEPTH} deep at most` });
    return;
  }
  for (const [index, step] of steps.entries()) {
    // The first that is too much says so, and nothing after it is read.
    if (reading.steps > RULES_STEPS) return;
    reading.steps++;
    if (reading.steps > RULES_STEPS)
      reading.issues.push({
        path: `${path}.${index}`,
        message: `a processor has at most ${RULES_STEPS} steps, those of its branches included`,
      });
    else readStep(reading, step, `${path}.${index}`, depth);
  }
}

const KINDS = [...Object.keys(FLAT), "branch"];

function readStep(reading: Reading, step: unknown, path: string, depth: number): void {
  const names = typeof step === "object" && step !== null && !Array.isArray(step) ? Object.keys(step) : [];
  const [kind = ""] = names;
  if (names.length !== 1 || !KINDS.includes(kind)) {
    reading.issues.push({ path, message: `a step is an object with one of ${KINDS.map((one) => `\`${one}\``).join(", ")}` });
    return;
  }
  const value = (step as Record<string, unknown>)[kind];
  const schema = kind === "branch" ? Branches : FLAT[kind as keyof typeof FLAT];
  const parsed = schema.safeParse(value);
  if (!parsed.success) reading.issues.push(...issuesOf(parsed.error, `${path}.${kind}`));
  else if (kind === "branch") {
    for (const [index, branch] of (parsed.data as z.infer<typeof Branches>).entries())
      readSteps(reading, branch.steps, `${path}.branch.${index}.steps`, depth + 1);
  }
}
