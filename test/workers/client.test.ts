/** The client inside a Worker: its requests go through a service binding. */

import { exports } from "cloudflare:workers";
import { vi } from "vitest";
import { clientSuite } from "../client/suite.ts";

vi.setConfig({ testTimeout: 60_000 });

clientSuite(() => ({ url: "http://headspring", fetch: (url, init) => exports.default.fetch(url, init) }));
