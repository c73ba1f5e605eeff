/** One thing that is wrong with a body. */

import * as z from "zod";

export const Issue = z.object({
  path: z.string().describe("The place in the body or the query, such as `lines.0.sku`. Empty: all of it."),
  message: z.string(),
});
export type Issue = Readonly<z.infer<typeof Issue>>;
