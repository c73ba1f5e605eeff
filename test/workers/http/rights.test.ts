/** Every operation × every token × every store, from the OpenAPI document: a new route cannot be forgotten here. */

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openApiOf } from "../../../src/http/openapi/document.ts";
import { app } from "../app.ts";
import { BEARERS, type Bearer, RIGHTS, STORES, ask, headerOf } from "./tokens.ts";

type Needed = "read" | "write" | "admin" | "nothing";

/** What each operation needs, written down once more, and by hand. Beneath a colon are the parts that an app declares. */
const NEEDED: Readonly<Record<string, Needed>> = {
  "aggregates:": "write",
  "sagas:": "write",
  "views:": "read",
  sendCommand: "write",
  getCommand: "read",
  getState: "read",
  listSagas: "read",
  startSaga: "write",
  startSagaAs: "write",
  getSaga: "read",
  listCategories: "read",
  getCategory: "read",
  declareCategory: "admin",
  retireCategory: "admin",
  appendFact: "write",
  appendEvents: "write",
  readStream: "read",
  headStream: "read",
  deleteStream: "write",
  readLog: "read",
  getHead: "read",
  listStreams: "read",
  findEvent: "read",
  importEvents: "admin",
  listViews: "read",
  queryView: "read",
  getRow: "read",
  runQuery: "read",
  rebuildView: "admin",
  getMetrics: "read",
  listConsumers: "admin",
  getConsumer: "admin",
  pauseConsumer: "admin",
  resumeConsumer: "admin",
  retryConsumer: "admin",
  skipConsumer: "admin",
  resetConsumer: "admin",
  createWebhook: "admin",
  listWebhooks: "admin",
  getWebhook: "admin",
  changeWebhook: "admin",
  deleteWebhook: "admin",
  rotateWebhookSecret: "admin",
  testWebhook: "admin",
  replayWebhook: "admin",
  listDeliveries: "admin",
  retryDeliveries: "admin",
  retryDelivery: "admin",
  getWebhookKeys: "nothing",
  listStores: "admin",
  getStore: "admin",
  placeStore: "admin",
  getService: "nothing",
  getHealth: "nothing",
  getOpenApi: "read",
  getDocs: "read",
  listProblems: "nothing",
  getProblem: "nothing",
  getApp: "read",
};

const operations = Object.entries(openApiOf(app).paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);

/** The operation's line in the table. Of a declared part only its kind counts. */
function lineOf(operationId: string): string {
  return operationId.includes(":") ? operationId.replace(/:.*/, ":") : operationId;
}

/** Where stores are, and the store that is there. The last one is for no token but those for every store. */
const PLACES = { "": "default", "/stores/default": "default", "/stores/mine": "mine", "/stores/yours": "yours" } as const;

/** The paths of an operation, and the store that each is about; `*`: all of them. */
function pathsOf(path: string, isOfService: boolean): [path: string, store: string][] {
  if (path === "/stores") return [[path, "*"]];
  if (path === "/stores/{store}") return ["default", "mine", "yours"].map((store) => [`/stores/${store}`, store]);
  return Object.entries(PLACES).flatMap(([place, store]) => (place === "" || !isOfService ? [[place + path, store]] : []));
}

function mayEnter({ stores }: Bearer, store: string): boolean {
  return stores === "every" || (STORES[stores] as readonly string[]).includes(store);
}

// One of the app's queries always fails, and says so each time.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

describe("the OpenAPI document", () => {
  it("names for every operation the right that the table of this test names", () => {
    const documented = operations.map(({ operation }) => [operation.operationId, operation.security[0]?.bearer[0] ?? "nothing"]);
    expect(documented).toEqual(operations.map(({ operation: { operationId } }) => [operationId, NEEDED[lineOf(operationId)]]));
  });

  it("has every operation of the table", () => {
    expect(new Set(operations.map(({ operation }) => lineOf(operation.operationId)))).toEqual(new Set(Object.keys(NEEDED)));
  });
});

describe.each(operations.map(({ operation, ...route }) => ({ id: operation.operationId, ...route, isOfService: !!operation.servers })))(
  "$method $path ($id)",
  ({ id, method, path, isOfService }) => {
    const needed = NEEDED[lineOf(id)] ?? "nothing";
    const paths = pathsOf(path, isOfService);

    it("answers nobody without a known token, unless it is for anybody", async () => {
      for (const [at] of paths) {
        for (const authorization of ["", "Bearer guessed", "Basic aHNfYWxsX2V2ZXJ5Og=="]) {
          const response = await ask(method, at, { authorization });
          expect(response.status === 401).toBe(needed !== "nothing");
          expect(response.headers.has("www-authenticate")).toBe(needed !== "nothing");
          await response.body?.cancel();
        }
      }
    });

    it(`takes tokens with the right to ${needed} for its store, and no others`, async () => {
      const taken: string[] = [];
      const expected: string[] = [];
      for (const [at, store] of paths) {
        for (const bearer of BEARERS) {
          const response = await ask(method, at, headerOf(bearer));
          const what = `${bearer.rights} of ${bearer.stores} at ${at}`;
          expect(response.status, what).not.toBe(401);
          if (response.status !== 403) taken.push(what);
          const hasRight = needed === "nothing" || (RIGHTS[bearer.rights] as readonly string[]).includes(needed);
          if (needed === "nothing" || (hasRight && mayEnter(bearer, store))) expected.push(what);
          await response.body?.cancel();
        }
      }
      expect(taken).toEqual(expected);
    });
  },
);
