/** The client inside a Worker: its requests go through a service binding. */

import { exports } from "cloudflare:workers";
import { clientSuite } from "../client/suite.ts";

clientSuite(() => ({ url: "http://headspring", fetch: (url, init) => exports.default.fetch(url, init) }));
