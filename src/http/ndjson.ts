/** Long answers, one piece of JSON a line, made only as fast as they are read. */

import { logger } from "../telemetry/logger.ts";
import { type HttpContext, storeOf } from "./request.ts";

/**
 * A body that makes the next piece when its reader wants more, and holds none in between. If making a piece fails, the body breaks off, so
 * that no reader takes an incomplete body for a complete one.
 */
export function ndjson(context: HttpContext, pieces: AsyncGenerator<string, void>, headers: Record<string, string>): Response {
  const utf8 = new TextEncoder();
  const [store, path] = [storeOf(context).name, context.req.path];
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await pieces.next();
          if (done) controller.close();
          else controller.enqueue(utf8.encode(value));
        } catch (error) {
          logger.error({ message: "an answer failed partway", store, path }, error);
          throw error;
        }
      },
      async cancel() {
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "application/x-ndjson", ...headers } });
}

/** JSON may have line breaks between its tokens, but nowhere else: within strings they are escaped. */
export function line(json: string): string {
  return `${json.replaceAll(/[\r\n]+/g, " ")}\n`;
}
