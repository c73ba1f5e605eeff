/** A processor that is declared over HTTP, as the engine sees it: steps that filter, change, join and emit. Pure. */

import type { Expression } from "../expressions/expression.ts";
import type { ProcessorDefinition } from "../over-http/processor-form.ts";
import type { RetryPolicy } from "../retry.ts";
import type { Followed } from "../followed.ts";
import type { View } from "../views/view.ts";

export interface Rules {
  readonly kind: "rules";
  readonly name: string;
  readonly description?: string;
  /** The categories whose events it handles. */
  readonly followed: readonly Followed[];
  /** Only events of these types; absent: of all types, except the store's own. */
  readonly types?: readonly string[];
  /** A number: the position after which it begins. */
  readonly start: "beginning" | "head" | number;
  /** What happens at an event that cannot be processed: trying again is pointless. */
  readonly onError: "stop" | "skip";
  readonly retry: RetryPolicy;
  readonly steps: readonly Step[];
  /** The views that it joins. */
  readonly views: readonly View[];
  /** The plain categories that it emits to. */
  readonly targets: readonly string[];
  /** Of its checkpoint: a processor that is declared again after its deletion begins from scratch. */
  readonly generation: string;
  /** As it was declared. */
  readonly definition: ProcessorDefinition;
}

/** A step, and its place in the definition: `steps.2.branch.0.steps.1`. */
export type Step = FilterStep | SetStep | MapStep | Join | BranchStep | Emit;

interface Placed {
  readonly path: string;
}

interface FilterStep extends Placed {
  readonly kind: "filter";
  readonly test: Expression;
}

interface SetStep extends Placed {
  readonly kind: "set";
  readonly members: readonly Member[];
}

/** A member of an object, found by the names that lead to it. */
export interface Member {
  readonly names: readonly string[];
  readonly value: Expression;
}

interface MapStep extends Placed {
  readonly kind: "map";
  readonly make: Maker;
}

/** What makes an object: one expression, or one for each member. */
export type Maker = Expression | readonly Member[];

export interface Join extends Placed {
  readonly kind: "join";
  readonly from: { readonly view: View } | { readonly category: string } | { readonly lost: string };
  readonly by: Expression;
  readonly as: string;
  readonly missing: "skip" | "null" | "fail";
}

interface BranchStep extends Placed {
  readonly kind: "branch";
  readonly branches: readonly { readonly path: string; readonly when?: Expression; readonly steps: readonly Step[] }[];
}

export interface Emit extends Placed {
  readonly kind: "emit";
  readonly to: string;
  readonly type?: Expression;
  readonly id?: Expression;
  readonly data?: Maker;
}
