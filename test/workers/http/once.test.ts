/** What a request is worked out from once: the route that answers it, and the environment of the store that it is about. */

import type { HttpEnv } from "../../../src/http/request.ts";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { routeOf } from "../../../src/http/auth-route.ts";
import { placedEnv } from "../../../src/store/placement.ts";
import { deploymentWith } from "./tokens.ts";
import { type Asked, withJurisdictions } from "../jurisdictions.ts";

describe("a request", () => {
  it.each([
    ["/stores/one/things/1", { method: "GET", path: "/things/:id", store: "one" }],
    ["/nothing", undefined],
  ])("has its route looked up once: %s", async (path, route) => {
    const found: unknown[] = [];
    const http = new Hono<HttpEnv>()
      .use(async (context, next) => (found.push(routeOf(context)), next()))
      .use(async (context, next) => (found.push(routeOf(context)), next()))
      .get("/stores/:store/things/:id", (context) => context.text(""));
    await http.request(path, {}, env);
    await http.request(path.replace("one", "two"), {}, env);
    const [first, again, other] = found;
    expect(first).toEqual(route);
    expect(again).toBe(first);
    expect(other).toEqual(route && { ...route, store: "two" }); // another request has its own
  });
});

describe("the environment of a placement", () => {
  const asked: Asked[] = [];
  const deployed = () => withJurisdictions(deploymentWith({}), asked);

  it("is made once, however many requests arrive", () => {
    const here = deployed();
    expect(placedEnv(here, { location: "weur" })).toBe(placedEnv(here, { location: "weur" }));
    expect(placedEnv(here, { jurisdiction: "eu", location: "weur" })).toBe(placedEnv(here, { location: "weur", jurisdiction: "eu" }));
    expect(placedEnv(here, {})).toBe(here);
  });

  it("is shared with no other placement and no other deployment", () => {
    const here = deployed();
    const places = [
      {},
      { location: "weur" },
      { location: "eeur" },
      { jurisdiction: "eu" },
      { jurisdiction: "eu", location: "weur" },
    ] as const;
    const all = [...places.map((place) => placedEnv(here, place)), ...places.slice(1).map((place) => placedEnv(deployed(), place))];
    expect(new Set(all).size).toBe(all.length);
  });
});
