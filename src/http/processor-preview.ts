/** What a processor would do with an event, step by step. Nothing is stored. */

import { Problem } from "./problem.ts";
import type { HttpContext } from "./request.ts";

/** `POST /processors/preview` */
export async function previewDefinition(_context: HttpContext): Promise<Response> {
  throw new Problem("not-found", "the preview is not built yet");
}

/** `POST /processors/{name}/preview` */
export async function previewProcessor(_context: HttpContext): Promise<Response> {
  throw new Problem("not-found", "the preview is not built yet");
}
