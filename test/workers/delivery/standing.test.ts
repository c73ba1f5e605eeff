import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { StoreRows } from "../../../src/consumers/standing.ts";
import type { App } from "../../../src/definitions/app.ts";
import { DefinitionsInCode } from "../../../src/definitions/in-code.ts";
import type { Standing } from "../../../src/store/log-consumers.ts";
import { fingerprintOf, inCodeAlone, standingsOf } from "../../../src/operations/standing.ts";
import { append, category, defineApp, reactor, view } from "../../../src/index.ts";
import { tableOf } from "../../../src/rows/table.ts";

const reading = category("reading", { events: { Read: z.object({ value: z.int() }) } });
const alarm = category("alarm", { events: { Raised: z.object({}) } });
const row = z.object({ id: z.string() });
const here = view("here", { from: reading, row, key: "id", on: { Read: () => ({ id: "a" }) } });
const there = view("there", { from: reading, row, key: "id", database: "ARCHIVE", on: { Read: () => ({ id: "a" }) } });
const relay = reactor("relay", { from: reading, emits: alarm, on: { Read: () => append(alarm, "a", "Raised", {}) } });
const app = defineApp({ categories: [reading, alarm], views: [here, there], processors: [relay] });
const env = {} as Env;

const first = tableOf(here).generation;
const second = tableOf(here, 1).generation;
const earlier = "000000000000";

type Row = StoreRows["checkpoints"][number];
interface State {
  readonly view: string;
  readonly serving: string;
  readonly rebuild: number;
  readonly erase_to: number;
}
const at = (generation: string, position: number, status: Row["status"] = "active"): Row => ({
  consumer: "here",
  generation,
  position,
  status,
});
/** This code's own table, while another version's is on record. */
const kept = (position: number): Row => ({ ...at(first, position), kept_at: 1 });
const state = (serving: string, rebuild = 0, erase = 0): State => ({ view: "here", serving, rebuild, erase_to: erase });

type Place = Awaited<ReturnType<typeof standingsOf>>[number];

/** Where it is, and whether it rests: without the checkpoint that shows it, and the events that concern it. */
function placeOf({ consumer, position, resting }: Place) {
  return { consumer, position, ...(resting === undefined ? {} : { resting }) };
}

/** What is said of the view, with these rows. */
async function ofHere(checkpoints: readonly Row[], views: readonly State[]) {
  const standings = await standingsOf(inCodeAlone(new DefinitionsInCode(app)), [
    { binding: "VIEWS", checkpoints, states: new Map([["view", views]]) },
  ]);
  return standings.filter(({ consumer }) => consumer === "here").map(placeOf);
}

describe("the position that the sweep takes a consumer to be at", () => {
  it.each<[string, readonly Row[], readonly State[], { position: number; resting?: true }]>([
    ["one that has never run is to be woken", [], [], { position: -1 }],
    ["a view with no checkpoint yet is to be woken", [], [state(first)], { position: -1 }],
    ["at its checkpoint", [at(first, 7)], [state(first)], { position: 7 }],
    ["at rest while it is paused", [at(first, 7, "paused")], [state(first)], { position: 7, resting: true }],
    ["at rest when it has failed", [at(first, 7, "failed")], [state(first)], { position: 7, resting: true }],
    ["to be woken while an erasure is not carried out", [at(first, 7)], [state(first, 0, 5)], { position: -1 }],
    ["to be woken while its next table is not begun", [at(first, 7)], [state(first, 1)], { position: -1 }],
    ["to be woken while its next table is built", [at(first, 7), at(second, 3)], [state(first, 1)], { position: -1 }],
    ["to be woken when that is built and does not answer yet", [at(first, 7), at(second, 7)], [state(first, 1)], { position: -1 }],
    [
      "where the one that answers is, when the build has failed",
      [at(first, 7), at(second, 3, "failed")],
      [state(first, 1)],
      { position: 7 },
    ],
    ["at rest when both have", [at(first, 7, "failed"), at(second, 3, "paused")], [state(first, 1)], { position: 7, resting: true }],
    ["to be woken when another definition answers", [at(earlier, 7)], [state(earlier)], { position: -1 }],
    [
      "at rest when the build after that has failed",
      [at(earlier, 7), at(first, 3, "failed")],
      [state(earlier)],
      { position: 3, resting: true },
    ],
    ["at its own table, next to another version's that is not behind", [at(earlier, 7), kept(7)], [state(earlier)], { position: 7 }],
    ["where its own table is, when that one is behind", [at(earlier, 7), kept(5)], [state(earlier)], { position: 5 }],
    ["where another version's is, when that one is behind", [at(earlier, 5), kept(7)], [state(earlier)], { position: 5 }],
    ["to be woken while an erasure reaches its own table", [at(earlier, 7), kept(7)], [state(earlier, 0, 5)], { position: -1 }],
    ["to be woken when its own table was dropped", [at(earlier, 7)], [state(earlier)], { position: -1 }],
  ])("%s", async (_, checkpoints, views, expected) => {
    expect(await ofHere(checkpoints, views)).toEqual([{ consumer: "here", ...expected }]);
  });

  it("is read from the database that the code names, and from no other", async () => {
    const generation = tableOf(there).generation;
    const rows = (position: number): Omit<StoreRows, "binding"> => ({
      checkpoints: [
        { consumer: "there", generation, position, status: "active" },
        { consumer: "relay", generation: "", position, status: "active" },
      ],
      states: new Map([["view", [{ view: "there", serving: generation, rebuild: 0, erase_to: 0 }]]]),
    });
    const standings = await standingsOf(inCodeAlone(new DefinitionsInCode(app)), [
      { binding: "VIEWS", ...rows(1) },
      { binding: "ARCHIVE", ...rows(2) },
    ]);
    expect(standings.map((place) => ({ ...placeOf(place), binding: place.binding }))).toEqual([
      { consumer: "relay", position: 1, binding: "VIEWS" },
      { consumer: "here", position: -1, binding: "VIEWS" },
      { consumer: "there", position: 2, binding: "ARCHIVE" },
    ]);
  });
});

describe("the fingerprint of a store at rest", () => {
  const standings = [{ consumer: "here", position: 7 }];
  const fingerprint = (code: App, where: readonly Standing[]) => fingerprintOf(code, env, where);

  it("is the same while nothing moves", async () => {
    expect(await fingerprint(app, [{ position: 7, consumer: "here" }])).toBe(await fingerprint(app, standings));
  });

  it.each([
    ["moves", app, [{ consumer: "here", position: 8 }]],
    ["rests", app, [{ consumer: "here", position: 7, resting: true }]],
    [
      "is new",
      defineApp({
        categories: [reading, alarm],
        views: [here, there, view("new", { from: reading, row, key: "id", on: {} })],
        processors: [relay],
      }),
      standings,
    ],
    [
      "is another one by its code",
      defineApp({
        categories: [reading, alarm],
        views: [view("here", { from: reading, row, key: "id", on: { Read: () => ({ id: "b" }) } }), there],
        processors: [relay],
      }),
      standings,
    ],
  ])("changes when a consumer %s", async (_, code, where) => {
    expect(await fingerprint(code, where)).not.toBe(await fingerprint(app, standings));
  });
});
