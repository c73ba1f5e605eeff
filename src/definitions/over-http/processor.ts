/** A processor that is declared over HTTP: its definition, and the processor that it becomes. Pure. */

import * as z from "zod";
import type { Issue } from "../../core/issue.ts";
import type { Processor } from "../processors/processor.ts";
import type { Surroundings } from "./surroundings.ts";

/** A definition, as clients send it. */
export const ProcessorDefinitionIn = z.strictObject({
  from: z.string(),
  start: z.union([z.enum(["beginning", "head"]), z.int().nonnegative()]).optional(),
});

/** A definition as it is kept. */
export interface ProcessorDefinition {
  readonly from: string;
  readonly start?: "beginning" | "head" | number | undefined;
}

/** The definition that a request's body declares, or what is wrong with its form. */
export function parseProcessor(_name: string, body: unknown): ProcessorDefinition | { readonly issues: readonly Issue[] } {
  const parsed = ProcessorDefinitionIn.safeParse(body);
  if (parsed.success) return parsed.data;
  return { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })) };
}

/** `joined`: names of views or categories. */
export function namesIn({ from }: ProcessorDefinition): { readonly categories: readonly string[]; readonly joined: readonly string[] } {
  return { categories: [from], joined: [] };
}

export function checkProcessor(_name: string, _definition: ProcessorDefinition, _around: Surroundings): Issue[] {
  return [];
}

/** The processor, compiled. Never throws for a definition that was kept. */
export function processorFrom(name: string, _definition: ProcessorDefinition, _around: Surroundings, _incarnation: number): Processor {
  throw new Error(`${name}: processors over HTTP are not built yet`);
}
