/** D1's read replicas, played by an older copy of what the database says: promise 7 holds wherever rows are read. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ColumnNotServed, queryStatement } from "../../../src/views/query-sql.ts";
import { tableOf } from "../../../src/rows/table.ts";
import { totals } from "../app.ts";
import { quietStore } from "../delivery/support.ts";

afterEach(() => vi.restoreAllMocks());

/** Every session reads from a replica that stands still from now on, for the statements it has seen, until the test lets it go on. */
function laggingReplica() {
  const real = env.VIEWS.withSession.bind(env.VIEWS);
  const seen: D1Result[][] = [];
  let asked = 0;
  vi.spyOn(env.VIEWS, "withSession").mockImplementation((constraint) => {
    expect(constraint).toBe("first-unconstrained");
    const session = real(constraint);
    return new Proxy(session, {
      get: (target, property) =>
        property === "batch"
          ? async (statements: D1PreparedStatement[]) => {
              asked += 1;
              if (seen.length === 0) seen.push(await target.batch(statements));
              return seen[0];
            }
          : Reflect.get(target, property),
    });
  });
  return { asked: () => asked };
}

describe("a replica that lags behind", () => {
  it("answers a query that asks for no position, or for one that it has", async () => {
    const { post, wake, json } = quietStore("replica");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    const { asked } = laggingReplica();
    await json("/views/totals");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    for (const query of ["", "?minPosition=1"])
      expect(await json(`/views/totals${query}`)).toMatchObject({ rows: [{ total: 1 }], position: 1 });
    expect(asked()).toBe(3);
  });

  it.each(["minPosition=2", "consistency=strong"])("does not answer a query that asks for more: the primary does (%s)", async (query) => {
    const { post, wake, json } = quietStore("primary");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    laggingReplica();
    await json("/views/totals");
    await post("/aggregates/counter/a/Count", {});
    await wake("totals");
    expect(await json(`/views/totals?${query}`)).toMatchObject({ rows: [{ total: 2 }], position: 2 });
    expect(await json(`/views/totals/a?${query}`)).toMatchObject({ total: 2 });
  });

  it("answers with no page that is older than the one before", async () => {
    const { post, wake, json } = quietStore("pages");
    for (const counter of ["a", "b"]) await post(`/aggregates/counter/${counter}/Count`, {});
    await wake("totals");
    const { next } = await json("/views/totals?limit=1");
    // From here on a replica answers that has seen only what a page of another store had.
    laggingReplica();
    await quietStore("empty").json("/views/totals");
    expect(await json(`/views/totals?limit=1&cursor=${next}`)).toMatchObject({ rows: [{ counter: "b" }], position: 2 });
  });

  it("causes an error, not an endless search, if it loses its tables again and again", async () => {
    const { get } = quietStore("lost");
    const complaints = vi.spyOn(console, "error").mockReturnValue();
    const real = env.VIEWS.withSession.bind(env.VIEWS);
    let asked = 0;
    vi.spyOn(env.VIEWS, "withSession").mockImplementation((constraint) => {
      const batch = () => {
        asked += 1;
        return Promise.reject(new Error("D1_ERROR: no such table: view_totals_0123456789ab: SQLITE_ERROR"));
      };
      return new Proxy(real(constraint), {
        get: (target, property) => (property === "batch" ? batch : Reflect.get(target, property)),
      });
    });
    vi.spyOn(env.VIEWS, "batch").mockImplementation(() => Promise.reject(new Error("D1_ERROR: no such table: view_totals: SQLITE_ERROR")));
    expect((await get("/views/totals")).status).toBe(500);
    expect(asked).toBeLessThan(4);
    expect(complaints).toHaveBeenCalled();
    vi.restoreAllMocks();
    expect((await get("/views/totals")).status).toBe(200);
  });

  it("causes no error if it does not have the table yet", async () => {
    vi.spyOn(env.VIEWS, "withSession").mockReturnValue({
      batch: () => Promise.reject(new Error("D1_ERROR: no such table: view_totals: SQLITE_ERROR")),
    } as unknown as D1DatabaseSession);
    expect(await quietStore("young").json("/views/totals")).toEqual({ rows: [], hasMore: false, position: 0 });
  });
});

describe("a table of an earlier definition", () => {
  it.each(["conditions", "sort"] as const)("is not asked for a column that it lacks or has in another form: %s", (where) => {
    for (const column of [{ name: "colour", kind: "text" } as const, { name: "total", kind: "text" } as const]) {
      const query = where === "sort" ? { sort: [{ ...column, descending: false }] } : { conditions: [{ column, test: "null" as const }] };
      expect(() => queryStatement(tableOf(totals), env.VIEWS, "store", { ...query, limit: 1 })).toThrow(ColumnNotServed);
    }
  });
});
