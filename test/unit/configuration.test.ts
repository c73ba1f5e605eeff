/** A configuration that lacks something is named when the worker starts: all of it at once, with the lines to add. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { requireConfiguration } from "../../src/http/configuration.ts";
import { type App, category, defineApp, view } from "../../src/index.ts";
import { shop } from "../../src/shop/app.ts";

const wrangler = readFileSync(join(import.meta.dirname, "../../wrangler.toml"), "utf8");
const objects = { getByName: () => {} };
const whole: Record<string, unknown> = {
  STREAMS: objects,
  LOGS: objects,
  WEBHOOKS: objects,
  CATALOGS: objects,
  WAKE_UPS: { send: () => {} },
  VIEWS: { prepare: () => {} },
};

function said(bindings: object, of: App = shop): string {
  try {
    requireConfiguration(bindings, of);
    return "nothing is missing";
  } catch (error) {
    return (error as Error).message;
  }
}

function without(...names: string[]): object {
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !names.includes(name)));
}

const NEEDED = ["STREAMS", "LOGS", "WEBHOOKS", "CATALOGS", "WAKE_UPS", "VIEWS"];

describe("a deployment's configuration", () => {
  it("is taken when it is whole", () => {
    expect(said(whole)).toBe("nothing is missing");
  });

  it.each(NEEDED)("that lacks %s is refused, and it alone is named", (name) => {
    const [first = ""] = said(without(name)).split("\n");
    expect(NEEDED.filter((one) => new RegExp(`\\b${one}\\b`).test(first))).toEqual([name]);
  });

  it("is refused with all that it lacks at once", () => {
    const [first = ""] = said({}).split("\n");
    for (const name of NEEDED) expect(first).toContain(name);
  });

  it("is told the lines to add, which are those of this repository's own wrangler.toml", () => {
    const lines = said({})
      .split("\n")
      .filter((line) => /^(?:\[|\w+ = )/.test(line));
    expect(lines.length).toBeGreaterThan(20);
    // The names of databases are free.
    const own = wrangler.split("\n").map((line) => line.replace(/ #.*/, ""));
    for (const line of lines.filter((line) => !line.startsWith("database_name"))) expect(own).toContain(line);
  });

  it("is told the classes to export", () => {
    const line = "export const { StreamObject, LogObject, WebhookObject, CatalogObject } = objects(app);";
    expect(said(without("LOGS", "CATALOGS")).split(line)).toHaveLength(2);
    expect(readFileSync(join(import.meta.dirname, "../../src/worker.ts"), "utf8")).toContain(line);
    expect(said(without("VIEWS"))).not.toContain("export");
  });

  it("whose binding is of another kind is refused", () => {
    expect(said({ ...whole, VIEWS: whole.WAKE_UPS, WAKE_UPS: "a text" })).toMatch(/WAKE_UPS.*VIEWS/);
  });

  it("that lacks the database of some views says which views", () => {
    const reading = category("reading", { events: { Read: z.object({ value: z.number() }) } });
    const row = z.object({ id: z.string() });
    const kept = (name: string) => view(name, { from: reading, row, key: "id", database: "ELSEWHERE", on: {} });
    const lost = defineApp({ categories: [reading], views: [kept("first"), kept("second")] });
    expect(said(whole, lost)).toContain('the D1 binding ELSEWHERE, which keeps views "first", "second"');
  });
});
