/**
 * A stream, as requests write to it. When its answer is lost, it may have died between its commit and its call to the log: what
 * it has stored would wait for the next request to it, for days if none comes. So this worker asks it to hand that over.
 */

import { waitUntil } from "cloudflare:workers";
import { introduce } from "../operations/introduce.ts";
import { HAND_OVER_FIRST_MS, HAND_OVER_MS } from "./limits.ts";
import type { StreamRpc } from "../store/stream-protocol.ts";
import { type HttpContext, storeOf } from "./request.ts";

export function writableStreamOf(
  context: HttpContext,
  category: string,
  id: string,
): Pick<StreamRpc, "execute" | "append" | "checkImport" | "holdImport" | "remove"> {
  const find = () => storeOf(context).stream(category, id);
  const introduced = async <Answer>(write: (stream: StreamRpc) => Promise<Answer>): Promise<Answer> => {
    await introduce(storeOf(context));
    return write(find());
  };
  const minded = async <Answer>(write: (stream: StreamRpc) => Promise<Answer>): Promise<Answer> => {
    try {
      return await introduced(write);
    } catch (error) {
      waitUntil(handOver(find));
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

/** Every answer that shows something of a stream comes after that is in the log, or an alarm will bring it there: so any answer will do. */
async function handOver(find: () => StreamRpc): Promise<void> {
  for (let waitMs = HAND_OVER_FIRST_MS, waited = 0; waited + waitMs <= HAND_OVER_MS; waited += waitMs, waitMs *= 2) {
    await scheduler.wait(waitMs);
    try {
      // Found again each time: what was found before an object died may be broken.
      await find().read({ from: 1, to: 0, limit: 1, direction: "forward" });
      return;
    } catch {
      // As unreachable as before.
    }
  }
}
