/** A configuration that lacks something is named when the worker starts: all of it at once, with the lines to add. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { requireConfiguration, requireConfigurationOfQueries, requireObjects } from "../../src/http/configuration.ts";
import { type App, category, defineApp, view } from "../../src/index.ts";
import { shop } from "../../src/shop/app.ts";

const wrangler = readFileSync(join(import.meta.dirname, "../../wrangler.toml"), "utf8");
const objects = { getByName: () => {} };
const whole: Record<string, unknown> = {
  STREAMS: objects,
  LOGS: objects,
  WEBHOOKS: objects,
  CATALOGS: objects,
  SOURCES: objects,
  WAKE_UPS: { send: () => {} },
  VIEWS: { prepare: () => {} },
};

/** The errors at the start, and at the first event, when the classes are known that the worker exports. */
function errorsOf(bindings: object, of: App = shop): string[] {
  return [() => requireConfiguration(bindings, of), () => requireObjects(bindings)].flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
}

const said = (bindings: object, of: App = shop) => errorsOf(bindings, of)[0] ?? "nothing is missing";

function without(...names: string[]): object {
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !names.includes(name)));
}

const NEEDED = ["STREAMS", "LOGS", "WEBHOOKS", "CATALOGS", "SOURCES", "WAKE_UPS", "VIEWS"];

describe("a deployment's configuration", () => {
  it("is accepted when it is complete", () => {
    expect(said(whole)).toBe("nothing is missing");
  });

  it.each(NEEDED)("that lacks %s is refused, and nothing else is named", (name) => {
    const [first = ""] = said(without(name)).split("\n");
    expect(NEEDED.filter((one) => new RegExp(`\\b${one}\\b`).test(first))).toEqual([name]);
  });

  it("is refused with everything that it lacks at once", () => {
    const [atStart = "", atFirstEvent = ""] = errorsOf({}).map((message) => message.split("\n")[0]);
    for (const name of ["WAKE_UPS", "VIEWS"]) expect(atStart).toContain(name);
    for (const name of ["StreamObject", "LogObject", "WebhookObject", "CatalogObject", "SourceObject"])
      expect(atFirstEvent).toContain(name);
  });

  it("is refused with the lines to add, which are those of this repository's own wrangler.toml", () => {
    const lines = errorsOf({})
      .flatMap((message) => message.split("\n"))
      .filter((line) => /^(?:\[|\w+ = )/.test(line));
    expect(lines.length).toBeGreaterThan(18);
    // The names of databases are free.
    const own = wrangler.split("\n").map((line) => line.replace(/ #.*/, ""));
    for (const line of lines.filter((line) => !line.startsWith("database_name"))) expect(own).toContain(line);
  });

  it("is refused with the classes to export", () => {
    const line = "export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);";
    expect(said(without("LOGS", "CATALOGS")).split(line)).toHaveLength(2);
    expect(readFileSync(join(import.meta.dirname, "../../src/worker.ts"), "utf8")).toContain(line);
    expect(said(without("VIEWS"))).not.toContain("export");
  });

  it("whose binding is of another kind is refused", () => {
    expect(said({ ...whole, VIEWS: whole.WAKE_UPS, WAKE_UPS: "a text" })).toMatch(/WAKE_UPS.*VIEWS/);
    // At the start already: no export takes its place.
    expect(() => requireConfiguration({ ...whole, LOGS: whole.VIEWS }, shop)).toThrow("a Durable Object class behind the binding LOGS");
  });

  it("needs no bindings for objects at the start: the worker's exports replace them", () => {
    expect(() => requireConfiguration(without("STREAMS", "LOGS", "WEBHOOKS", "CATALOGS"), shop)).not.toThrow();
  });

  it("that lacks the database of some views is refused with the names of those views", () => {
    const reading = category("reading", { events: { Read: z.object({ value: z.number() }) } });
    const row = z.object({ id: z.string() });
    const kept = (name: string) => view(name, { from: reading, row, key: "id", database: "ELSEWHERE", on: {} });
    const lost = defineApp({ categories: [reading], views: [kept("first"), kept("second")] });
    expect(said(whole, lost)).toContain('the D1 binding ELSEWHERE, which keeps views "first", "second"');
  });
});

describe("the configuration of a worker that only answers queries", () => {
  const { LOGS, CATALOGS, VIEWS } = whole;

  it("is accepted with the log, the catalog and the databases: it needs no queue, no class, and nothing else", () => {
    expect(() => requireConfigurationOfQueries({ LOGS, CATALOGS, VIEWS }, shop)).not.toThrow();
  });

  it("is refused with everything that it lacks at once, and with the lines to add", () => {
    let message = "";
    try {
      requireConfigurationOfQueries({ LOGS: VIEWS }, shop);
    } catch (error) {
      ({ message } = error as Error);
    }
    const [first = "", ...lines] = message.split("\n");
    for (const name of ["LOGS", "CATALOGS", "VIEWS"]) expect(first).toContain(name);
    expect(first).not.toMatch(/WAKE_UPS|STREAMS|WEBHOOKS|SOURCES/);
    for (const line of [
      'name = "LOGS"',
      'class_name = "LogObject"',
      'name = "CATALOGS"',
      'class_name = "CatalogObject"',
      'binding = "VIEWS"',
    ])
      expect(lines).toContain(line);
    expect(lines.filter((line) => line.startsWith("script_name = "))).toHaveLength(2);
  });
});
