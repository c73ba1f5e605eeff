/** A live view without its reader and without the log: the test decides what the log sends, and asks for what a reader gets. */

import { storeNamed } from "../support.ts";
import { LiveBlocks } from "../../../src/http/view-live.ts";
import { LiveView } from "../../../src/views/live.ts";
import { totals } from "../app.ts";

/** The blocks of a live view after its first, and the log's end of its socket. */
export async function liveBlocksOf(store: string, of = totals) {
  const live = new LiveView(storeNamed(store), of, []);
  const { generation } = await live.start();
  const { 0: ours, 1: logs } = new WebSocketPair();
  logs.accept();
  const blocks = new LiveBlocks(of, live, ours, generation, 0);
  await blocks.next(1);
  return { live, logs, blocks };
}
