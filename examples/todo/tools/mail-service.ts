/**
 * A mail service for this machine: prints each mail once, by its idempotency key, as a real one sends it once.
 *
 *     npm run mails
 */

import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const port = Number(process.env.PORT ?? 9001);
const sent = new Set<string>();

createServer((request, response) => {
  void text(request).then((mail) => {
    const key = String(request.headers["idempotency-key"]);
    if (!sent.has(key)) console.log(mail);
    sent.add(key);
    response.writeHead(202).end();
  });
}).listen(port, () => console.log(`mails are sent to http://localhost:${port}`));
