/** The events that processors handle. Pure. */

import type { FilterOfConsumer } from "../../core/event.ts";
import { filterOfView } from "../views/view.ts";
import { COMMAND_SENT } from "./process-events.ts";
import { type Processor, isProcess } from "./processor.ts";
import type { Rules } from "./rules.ts";

/** A process also handles the events by which its own instances send commands. */
export function filterOfProcessor(processor: Processor): FilterOfConsumer {
  const categories = processor.followed.map(({ name }) => name);
  if (processor.kind === "rules") return filterOfRules(processor);
  if (!isProcess(processor)) return { types: [...processor.handlers.keys()], categories };
  return { types: [...processor.process.correlate.keys(), COMMAND_SENT], categories: [...categories, processor.name] };
}

/** The events that it answers. */
export function ownFilterOf({ followed, types }: Pick<Rules, "followed" | "types">): FilterOfConsumer {
  const categories = followed.map(({ name }) => name);
  return types ? { types, categories } : { categories };
}

/** Those that it answers, and those that change the rows which it joins: it keeps a copy of them. */
function filterOfRules(rules: Rules): FilterOfConsumer {
  const filters = [ownFilterOf(rules), ...rules.views.map(filterOfView)];
  const categories = [...new Set(filters.flatMap((one) => one.categories))];
  const types = filters.every((one) => one.types !== undefined) ? [...new Set(filters.flatMap((one) => one.types ?? []))] : undefined;
  return types ? { types, categories } : { categories };
}
