import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { FLOORS, whyNot, whyNotLookUp } from "../../scripts/walls.ts";

const SOURCES = resolve(import.meta.dirname, "../../src");
const from = (file: string, specifier: string) => whyNot(join(SOURCES, file), specifier);

describe("the walls of the house", () => {
  it("let a file import from its own folder and from the floors below", () => {
    expect(from("http/log.ts", "./lines.ts")).toBeUndefined();
    expect(from("http/openapi/document.ts", "../../views/table.ts")).toBeUndefined();
    expect(from("definitions/views/view.ts", "../source.ts")).toBeUndefined();
    expect(from("views/table.ts", "../definitions/views/view.ts")).toBeUndefined();
    expect(from("streams/decide.ts", "zod")).toBeUndefined();
    expect(from("http/openapi/document.ts", "../../../package.json")).toBeUndefined();
  });

  it("stop it before a floor above, and before a neighbour", () => {
    expect(from("core/ids.ts", "../store/env.ts")).toContain("core must not import from store");
    expect(from("definitions/views/view.ts", "../../views/table.ts")).toContain("definitions must not import from views");
    expect(from("streams/decide.ts", "../log/bell.ts")).toContain("streams must not import from log");
    expect(from("http/log.ts", "../worker.ts")).toContain("http must not import from worker.ts");
  });

  it("let the shop see the public index only, and the worker what it puts together", () => {
    expect(from("shop/app.ts", "../index.ts")).toBeUndefined();
    expect(from("shop/app.ts", "../core/ids.ts")).toContain("shop imports from index.ts only");
    expect(from("worker.ts", "./shop/app.ts")).toBeUndefined();
    expect(from("worker.ts", "./http/worker.ts")).toContain("runtime.ts and shop only");
  });

  it("take a folder or file that is on no floor for an app: it sees the public index only, and only the worker sees it", () => {
    expect(from("library/app.ts", "../index.ts")).toBeUndefined();
    expect(from("library/app.ts", "./book.ts")).toBeUndefined();
    expect(from("library/app.ts", "../core/ids.ts")).toContain("library has no floor yet");
    expect(from("worker.ts", "./library/app.ts")).toBeUndefined();
    expect(from("worker.ts", "./bank.ts")).toBeUndefined();
    expect(from("http/log.ts", "../library/app.ts")).toContain("library has no floor yet");
  });

  it("know every folder and file at the root of src", () => {
    expect(FLOORS.flat().toSorted()).toEqual(readdirSync(SOURCES).toSorted());
    expect(from("brokers/mqtt.ts", "../core/ids.ts")).toContain("brokers has no floor yet");
    expect(from("http/log.ts", "../brokers/mqtt.ts")).toContain("brokers has no floor yet");
  });
});

describe("the seam of definitions", () => {
  const app = { type: "Identifier", name: "app" };
  const views = { type: "Identifier", name: "views" };
  const lookUp = (file: string, object: object, property = views) => whyNotLookUp(join(SOURCES, file), { object, property });

  it("lets nobody but the floor of definitions look into an app", () => {
    expect(lookUp("definitions/in-code.ts", app)).toBeUndefined();
    expect(lookUp("http/views.ts", app)).toContain("store.definitions");
    expect(lookUp("store/definitions.ts", { type: "MemberExpression", object: { type: "ThisExpression" }, property: app })).toContain(
      "app.views",
    );
    expect(lookUp("http/views.ts", { type: "Identifier", name: "figures" })).toBeUndefined();
    expect(lookUp("processors/shared.ts", app, { type: "Identifier", name: "hooks" })).toBeUndefined();
  });
});
