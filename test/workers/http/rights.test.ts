/** Every operation × every token × every store, from the OpenAPI document: a new route cannot be forgotten here. */

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openApiOf } from "../../../src/http/openapi/document.ts";
import { app } from "../app.ts";
import { BEARERS, type Bearer, RIGHTS, SCOPES, STORES, type ScopeName, ask, headerOf, headerOfNarrowed } from "./tokens.ts";

/** `any`: a token with any rights, for any store. */
type Needed = "read" | "write" | "admin" | "nothing" | "any";

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
  rollLogOver: "admin",
  importEvents: "admin",
  listViews: "read",
  queryView: "read",
  getRow: "read",
  getRowEvents: "read",
  runQuery: "read",
  previewView: "admin",
  rebuildView: "admin",
  declareView: "admin",
  deleteView: "admin",
  listProcessors: "read",
  getProcessor: "read",
  declareProcessor: "admin",
  deleteProcessor: "admin",
  previewDefinition: "admin",
  previewProcessor: "admin",
  listSources: "admin",
  getSource: "admin",
  declareSource: "admin",
  deleteSource: "admin",
  previewSource: "admin",
  pauseSource: "admin",
  resumeSource: "admin",
  retrySource: "admin",
  skipSource: "admin",
  resetSource: "admin",
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
  listDeliveriesOfEvents: "admin",
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
  getCaller: "any",
};

/**
 * What a token must be narrowed to for each operation, written down by hand as well. `visible`: anything will do, and the answer leaves
 * out what it does not name (scopes.test.ts). `store`: a narrowed token may not.
 */
const ABOUT: Readonly<Record<string, "nothing" | "visible" | "category" | "aggregate" | "command" | "saga" | "view" | "store">> = {
  "aggregates:": "command",
  "sagas:": "saga",
  "views:": "view",
  sendCommand: "command",
  getCommand: "aggregate",
  getState: "aggregate",
  listSagas: "visible",
  startSaga: "saga",
  startSagaAs: "saga",
  getSaga: "saga",
  listCategories: "visible",
  getCategory: "category",
  declareCategory: "category",
  retireCategory: "category",
  appendFact: "category",
  appendEvents: "category",
  readStream: "category",
  headStream: "category",
  deleteStream: "category",
  readLog: "visible",
  getHead: "visible",
  listStreams: "visible",
  findEvent: "visible",
  rollLogOver: "store",
  importEvents: "store",
  listViews: "visible",
  queryView: "view",
  getRow: "view",
  getRowEvents: "view",
  runQuery: "view",
  previewView: "store",
  rebuildView: "view",
  declareView: "store",
  deleteView: "store",
  listProcessors: "store",
  getProcessor: "store",
  declareProcessor: "store",
  deleteProcessor: "store",
  previewDefinition: "store",
  previewProcessor: "store",
  listSources: "store",
  getSource: "store",
  declareSource: "store",
  deleteSource: "store",
  previewSource: "store",
  pauseSource: "store",
  resumeSource: "store",
  retrySource: "store",
  skipSource: "store",
  resetSource: "store",
  getMetrics: "store",
  listConsumers: "store",
  getConsumer: "store",
  pauseConsumer: "store",
  resumeConsumer: "store",
  retryConsumer: "store",
  skipConsumer: "store",
  resetConsumer: "store",
  createWebhook: "store",
  listWebhooks: "store",
  getWebhook: "store",
  changeWebhook: "store",
  deleteWebhook: "store",
  rotateWebhookSecret: "store",
  testWebhook: "store",
  replayWebhook: "store",
  listDeliveries: "store",
  listDeliveriesOfEvents: "store",
  retryDeliveries: "store",
  retryDelivery: "store",
  getWebhookKeys: "nothing",
  listStores: "store",
  getStore: "store",
  placeStore: "store",
  getService: "nothing",
  getHealth: "nothing",
  getOpenApi: "visible",
  getDocs: "visible",
  listProblems: "nothing",
  getProblem: "nothing",
  getApp: "store",
  getCaller: "visible",
};

/** The names to put into a path: those that some token is narrowed to, and one that none is. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  category: ["reading", "counter", "alarm"],
  aggregate: ["counter", "move", "purse"],
  command: ["counter", "move", "purse"],
  saga: ["move", "counter", "trip"],
  view: ["totals", "values"],
};
const COMMANDS = ["Count", "CountTwice"];

/** What each narrowed token may, by kind: names, and after a slash a command. */
const MAY: Readonly<Record<ScopeName, Readonly<Record<"read" | "write" | "command" | "state" | "view", readonly string[]>>>> = {
  some: {
    read: ["reading", "counter", "move"],
    write: ["reading"],
    command: ["counter/Count", "move/*"],
    state: ["counter", "move"],
    view: ["totals"],
  },
  categories: { read: ["reading", "counter"], write: ["reading", "counter"], command: [], state: [], view: [] },
  aggregates: { read: ["counter", "move"], write: [], command: ["counter/*", "move/*"], state: ["counter", "move"], view: [] },
  views: { read: [], write: [], command: [], state: [], view: ["totals"] },
  nothing: { read: [], write: [], command: [], state: [], view: [] },
  everything: { read: ["*"], write: ["*"], command: ["*/*"], state: ["*"], view: ["*"] },
};

function mayUse(scope: ScopeName, about: string, method: string, name: string, command: string): boolean {
  const { read, write, command: commands, state, view } = MAY[scope];
  const isRead = method === "GET" || method === "HEAD";
  const has = (names: readonly string[]) => names.includes("*") || names.includes(name);
  const sends = (one: string) => [`${name}/${one}`, `${name}/*`, "*/*"].some((allowed) => commands.includes(allowed));
  switch (about) {
    case "nothing":
    case "visible":
      return true;
    case "category":
      return has(isRead ? read : write);
    case "aggregate":
      return has(state);
    case "command":
      return sends(command);
    case "saga":
      return isRead ? has(state) : sends("Start");
    case "view":
      return has(view);
    default:
      return false;
  }
}

/** The paths of an operation in the store `mine`, with names of the app: those that its path has, else some for its parameters. */
function namedPaths(path: string, about: string, isOfService: boolean): { at: string; name: string; command: string }[] {
  const place = isOfService ? "" : "/stores/mine";
  const [, , fixed = "", , last = ""] = path.split("/");
  const names = fixed.startsWith("{") ? (NAMES[about] ?? ["totals"]) : [fixed];
  const commands = path.includes("{command}") ? COMMANDS : [last];
  return names.flatMap((name) =>
    commands.map((command) => ({
      at:
        place +
        path
          .replace("{store}", "mine")
          .replace(/\{(?:category|name|view)\}/, name)
          .replace("{command}", command),
      name,
      command,
    })),
  );
}

const operations = Object.entries(openApiOf(app).paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);

/** The operation's line in the table. A declared part counts by its kind only. */
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
  it("names the same right for every operation as the table of this test", () => {
    const rightOf = ([first]: (typeof operations)[number]["operation"]["security"]) => (first ? (first.bearer[0] ?? "any") : "nothing");
    const documented = operations.map(({ operation }) => [operation.operationId, rightOf(operation.security)]);
    expect(documented).toEqual(operations.map(({ operation: { operationId } }) => [operationId, NEEDED[lineOf(operationId)]]));
  });

  it("has every operation of the table", () => {
    expect(new Set(operations.map(({ operation }) => lineOf(operation.operationId)))).toEqual(new Set(Object.keys(NEEDED)));
    expect(Object.keys(ABOUT)).toEqual(Object.keys(NEEDED));
  });
});

describe.each(operations.map(({ operation, ...route }) => ({ id: operation.operationId, ...route, isOfService: !!operation.servers })))(
  "$method $path ($id)",
  ({ id, method, path, isOfService }) => {
    const needed = NEEDED[lineOf(id)] ?? "nothing";
    const isFree = needed === "nothing" || needed === "any";
    const paths = pathsOf(path, isOfService);

    it("answers no client without a known token, unless it is open to all", async () => {
      for (const [at] of paths) {
        for (const authorization of ["", "Bearer guessed", "Basic aHNfYWxsX2V2ZXJ5Og=="]) {
          const response = await ask(method, at, { authorization });
          expect(response.status === 401).toBe(needed !== "nothing");
          expect(response.headers.has("www-authenticate")).toBe(needed !== "nothing");
          await response.body?.cancel();
        }
      }
    });

    it(`accepts tokens with the right to ${needed} for its store, and no others`, async () => {
      const taken: string[] = [];
      const expected: string[] = [];
      for (const [at, store] of paths) {
        for (const bearer of BEARERS) {
          const response = await ask(method, at, headerOf(bearer));
          const what = `${bearer.rights} of ${bearer.stores} at ${at}`;
          expect(response.status, what).not.toBe(401);
          if (response.status !== 403) taken.push(what);
          const hasRight = (RIGHTS[bearer.rights] as readonly string[]).includes(needed);
          if (isFree || (hasRight && mayEnter(bearer, store))) expected.push(what);
          await response.body?.cancel();
        }
      }
      expect(taken).toEqual(expected);
    });

    it("accepts narrowed tokens for what they name, and no others", async () => {
      const about = ABOUT[lineOf(id)] ?? "store";
      const taken: string[] = [];
      const expected: string[] = [];
      for (const { at, name, command } of namedPaths(path, about, isOfService)) {
        for (const scope of Object.keys(SCOPES) as ScopeName[]) {
          for (const rights of ["all", "read"] as const) {
            const response = await ask(method, at, headerOfNarrowed(scope, rights));
            const what = `${scope} (${rights}) at ${at}`;
            if (response.status !== 403) taken.push(what);
            const hasRight = rights === "all" || needed === "read" || isFree;
            if (hasRight && mayUse(scope, about, method, name, command)) expected.push(what);
            await response.body?.cancel();
          }
        }
      }
      expect(taken).toEqual(expected);
      if (isOfService || isFree) return;
      const [elsewhere] = namedPaths(path, about, isOfService);
      expect((await ask(method, elsewhere?.at.replace("/mine", "/yours") ?? "", headerOfNarrowed("everything"))).status).toBe(403);
    });
  },
);
