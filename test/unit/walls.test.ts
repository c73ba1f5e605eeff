import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { FLOORS, whyNot, whyNotLookUp } from "../../scripts/walls.ts";

const SOURCES = resolve(import.meta.dirname, "../../src");
const from = (file: string, specifier: string) => whyNot(join(SOURCES, file), specifier);

describe("the walls of the house", () => {
  it("let a file import from its own folder and from the floors below", () => {
    expect(from("http/log.ts", "./lines.ts")).toBeUndefined();
    expect(from("http/openapi/document.ts", "../../rows/table.ts")).toBeUndefined();
    expect(from("definitions/views/view.ts", "../source.ts")).toBeUndefined();
    expect(from("rows/table.ts", "../definitions/views/view.ts")).toBeUndefined();
    expect(from("streams/decide.ts", "zod")).toBeUndefined();
    expect(from("http/openapi/document.ts", "../../../package.json")).toBeUndefined();
  });

  it("keep it from importing a floor above, or a neighbour", () => {
    expect(from("core/ids.ts", "../store/env.ts")).toContain("core must not import from store");
    expect(from("definitions/views/view.ts", "../../rows/table.ts")).toContain("definitions must not import from rows");
    expect(from("streams/decide.ts", "../log/bell.ts")).toContain("streams must not import from log");
    expect(from("http/log.ts", "../worker.ts")).toContain("http must not import from worker.ts");
  });

  it("let the shop and its worker import the package by its name only, like a user's", () => {
    expect(from("shop/app.ts", "headspring")).toBeUndefined();
    expect(from("shop/app.ts", "./order.ts")).toBeUndefined();
    for (const other of ["../index.ts", "../core/ids.ts", "headspring/runtime"])
      expect(from("shop/app.ts", other)).toContain("shop imports from headspring only");
    expect(from("worker.ts", "headspring/runtime")).toBeUndefined();
    expect(from("worker.ts", "./shop/app.ts")).toBeUndefined();
    for (const other of ["./runtime.ts", "./http/worker.ts", "headspring/testing"])
      expect(from("worker.ts", other)).toContain("headspring/runtime and shop only");
  });

  it("let the console import the client by its name, its own files, and what completes expressions", () => {
    const page = (specifier: string) => from("../console/pages/log/log.tsx", specifier);
    for (const own of ["headspring/client", "preact", "../../parts/page.tsx", "../../../src/definitions/expressions/complete.ts"])
      expect(page(own)).toBeUndefined();
    for (const other of [
      "headspring",
      "../../../src/client/connection.ts",
      "../../../src/core/ids.ts",
      "../../../src/definitions/expressions/check.ts",
    ])
      expect(page(other)).toContain('the console imports "headspring/client" and its own files only');
  });

  it("let no part of the package import the package", () => {
    for (const file of ["http/log.ts", "testing/given.ts", "cli/main.ts", "runtime.ts"])
      for (const other of ["headspring", "headspring/client"]) expect(from(file, other)).toContain("is part of the package");
    expect(from("react/use-view.ts", "headspring/client")).toContain("react imports from client only");
    expect(from("cli/doctor/doctor.ts", "headspringboard")).toBeUndefined();
  });

  it("treat a folder or file on no floor as an app: it sees the package only, and only the worker sees it", () => {
    expect(from("library/app.ts", "headspring")).toBeUndefined();
    expect(from("library/app.ts", "./book.ts")).toBeUndefined();
    expect(from("library/app.ts", "../index.ts")).toContain('library is an app: it imports "headspring"');
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

  it("lets only the floor of definitions look into an app", () => {
    expect(lookUp("definitions/in-code.ts", app)).toBeUndefined();
    expect(lookUp("http/views.ts", app)).toContain("store.definitions");
    expect(lookUp("store/definitions.ts", { type: "MemberExpression", object: { type: "ThisExpression" }, property: app })).toContain(
      "app.views",
    );
    expect(lookUp("http/views.ts", { type: "Identifier", name: "figures" })).toBeUndefined();
    expect(lookUp("processors/shared.ts", app, { type: "Identifier", name: "hooks" })).toBeUndefined();
  });
});
