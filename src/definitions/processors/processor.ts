/** Every kind of processor. Pure. */

import type { Effect } from "./effect.ts";
import type { Process } from "./process.ts";
import type { Reactor } from "./reactor.ts";
import type { Rules } from "./rules.ts";

/** Those that code declares. */
export type ProcessorInCode = Reactor | Effect | Process;
/** Those that are declared over HTTP, too. */
export type Processor = ProcessorInCode | Rules;

/** Whether it is a process manager or a saga: those are aggregates as well, and each instance is a stream. */
export function isProcess(processor: Processor): processor is Process {
  return processor.kind === "aggregate";
}
