/** What all readings of the log can be asked for: some types, categories or streams only. */

import { z } from "zod";
import type { FeedFilter } from "../log-protocol.ts";

/** The filters of a query. Each may be repeated: any of its values will do. */
export const FilterQuery = z.object({
  type: z.array(z.string()).optional(),
  category: z.array(z.string()).optional(),
  stream: z.array(z.string()).optional(),
});

export function filterOf({ type, category, stream }: z.output<typeof FilterQuery>): FeedFilter {
  const [one, ...others] = stream ?? [];
  return {
    ...(type ? { types: type } : {}),
    ...(category ? { categories: category } : {}),
    // One stream has an index.
    ...(one === undefined ? {} : others.length === 0 ? { stream: one } : { streams: [one, ...others] }),
  };
}
