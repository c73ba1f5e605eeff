/** The definitions over HTTP that an isolate keeps compiled: so many, and so many characters, and those that were used last. */

import { describe, expect, it } from "vitest";
import { READY_CHARACTERS, READY_DEFINITIONS } from "../../../src/store/limits.ts";
import { type DeclaredDefinition, ReadyDefinitions } from "../../../src/store/ready-definitions.ts";

const definition = (name: string, characters = 2): DeclaredDefinition => ({
  kind: "view",
  name,
  revision: 1,
  incarnation: 1,
  stamp: "1",
  definition: "x".repeat(characters),
  declaredAt: 0,
  changedAt: 0,
});

/** The names of those that are kept. */
const kept = (ready: ReadyDefinitions, store: string) => [...ready.of(store).keys()];

describe("the definitions that an isolate keeps ready", () => {
  it("are the ones that were used last, if there are more than it keeps", () => {
    const ready = new ReadyDefinitions();
    for (let index = 0; index < READY_DEFINITIONS; index++) ready.keep("s", definition(`v${index}`));
    ready.keep("s", definition("v0")); // used again
    ready.keep("s", definition("new"));
    expect(kept(ready, "s")).toHaveLength(READY_DEFINITIONS);
    expect(["v0", "v1", "v2", "new"].map((name) => ready.get("s", name) !== undefined)).toEqual([true, false, true, true]);
  });

  it("make room for a long one, each as much as it takes", () => {
    const ready = new ReadyDefinitions();
    for (let index = 0; index < 8; index++) ready.keep("s", definition(`v${index}`, READY_CHARACTERS / 8));
    ready.keep("s", definition("long", READY_CHARACTERS / 4));
    expect(kept(ready, "s")).toEqual(["v2", "v3", "v4", "v5", "v6", "v7", "long"]);
    ready.keep("s", definition("too long", READY_CHARACTERS + 1));
    expect(kept(ready, "s")).toEqual([]);
  });

  it("are those of each store apart, whatever the names of the stores have in common", () => {
    const ready = new ReadyDefinitions();
    ready.keep("s", definition("v", 3));
    ready.keep("s2", definition("v", 4));
    expect([ready.get("s", "v")?.definition.length, ready.get("s2", "v")?.definition.length]).toEqual([3, 4]);
    expect([kept(ready, "s"), kept(ready, "s2"), kept(ready, "")]).toEqual([["v"], ["v"], []]);
  });
});
