/** For scripts that load the shop in plain Node (`node --import ./scripts/headspring.ts …`): `headspring` is the source of this repository, not its last build. */

import { registerHooks } from "node:module";

const SOURCES: Readonly<Record<string, string>> = {
  headspring: "index.ts",
  "headspring/runtime": "runtime.ts",
  "headspring/testing": "testing/index.ts",
  "headspring/testing/store": "testing/store.ts",
  "headspring/client": "client/index.ts",
  "headspring/postgres": "sources/postgres/index.ts",
  "headspring/nats": "sources/nats/index.ts",
  "headspring/mqtt": "sources/mqtt/index.ts",
};

registerHooks({
  resolve: (name, context, next) => {
    const source = SOURCES[name];
    return source === undefined ? next(name, context) : next(new URL(`../src/${source}`, import.meta.url).href, context);
  },
});
