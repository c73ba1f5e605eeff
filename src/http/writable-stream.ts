/**
 * A stream, for requests that write to it. If its answer is lost, it may have died between its commit and its call to the log: what it has
 * stored would wait for the next request to it, for days if none comes. So this worker asks it to hand that over.
 */

import { waitUntil } from "cloudflare:workers";
import { introduce } from "../store/introduce.ts";
import type { StreamObjectRpc } from "../store/import-protocol.ts";
import { type HttpContext, storeOf } from "./request.ts";
import { tryAgain } from "./try-again.ts";

export function writableStreamOf(
  context: HttpContext,
  category: string,
  id: string,
): Pick<StreamObjectRpc, "execute" | "append" | "checkImport" | "holdImport" | "remove"> {
  const find = () => storeOf(context).stream(category, id);
  const introduced = async <Answer>(write: (stream: StreamObjectRpc) => Promise<Answer>): Promise<Answer> => {
    await introduce(storeOf(context));
    return write(find());
  };
  const minded = async <Answer>(write: (stream: StreamObjectRpc) => Promise<Answer>): Promise<Answer> => {
    try {
      return await introduced(write);
    } catch (error) {
      // Every answer that shows something of a stream is sent after that is in the log, or an alarm will bring it there: so any answer will
      // do. The object is looked up each time: a reference from before an object died may be broken.
      waitUntil(tryAgain(() => find().read({ from: 1, to: 0, limit: 1, direction: "forward" })));
      throw error;
    }
  };
  return {
    execute: (request) => minded((stream) => stream.execute(request)),
    append: (request) => minded((stream) => stream.append(request)),
    // What it has stored of these goes into the log with the rest of the import, which is sent again.
    checkImport: (events) => introduced((stream) => stream.checkImport(events)),
    holdImport: (part) => introduced((stream) => stream.holdImport(part)),
    remove: (request) => minded((stream) => stream.remove(request)),
  };
}
