/** For scripts that load the shop in plain Node (`node --import ./scripts/headspring.ts …`): `headspring` is the source of this repository, not its last build. */

import { registerHooks } from "node:module";
import { ENTRIES } from "./entries.ts";

registerHooks({
  resolve: (name, context, next) => {
    const source = ENTRIES[name];
    return source === undefined ? next(name, context) : next(new URL(`../src/${source}`, import.meta.url).href, context);
  },
});
