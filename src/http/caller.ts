/** `GET /caller`: who the token's holder is, and what the token allows in this store. So a page can give the reason why a button is off. */

import { Hono } from "hono";
import { RIGHTS, callerOf, rightsIn } from "./auth-caller.ts";
import { narrowedTo } from "./auth-scope.ts";
import { type HttpEnv, storeNameOf } from "./request.ts";
import { json } from "./response.ts";

/** What anybody may where no token is needed. */
const ANYBODY = { by: null, rights: RIGHTS, stores: ["*"] };

export function callerRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", (context) => {
    const caller = callerOf(context);
    if (!caller) return json(ANYBODY);
    const { by, stores, scope, until } = caller;
    return json({
      by,
      rights: rightsIn(caller, storeNameOf(context)),
      stores,
      ...(scope ? { narrowed: narrowedTo(scope) } : {}),
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    });
  });

  return routes;
}
