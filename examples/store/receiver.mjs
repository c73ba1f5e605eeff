/** Prints the status and the id of each order that the webhook tells: `node receiver.mjs PORT`. It checks no signature; docs/webhooks.md shows how. */

import { createServer } from "node:http";
import { json } from "node:stream/consumers";

createServer(async (request, response) => {
  const { data } = await json(request);
  console.log(data.data.status, data.data.id);
  response.writeHead(204).end();
}).listen(Number(process.argv[2] ?? 9000), "localhost");
