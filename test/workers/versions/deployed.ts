/** Which version of the code each part of a store runs: objects keep theirs until they are started again, as on the platform. */

import type { App } from "../../../src/definitions/app.ts";
import { type ObjectClasses, objects } from "../../../src/runtime.ts";

type Part = "streams" | "log" | "webhooks" | "sources";

/** By store. Stores that are not here run the tests' own app. */
const code = new Map<string, Readonly<Partial<Record<Part, App>>>>();

/** From now on objects of this store that are started run this code. */
export function deploy(store: string, parts: Readonly<Partial<Record<Part, App>>>): void {
  code.set(store, parts);
}

// `any`: a mixin's constructor must take whatever the class takes.
// oxlint-disable-next-line typescript/no-explicit-any
type Class = new (...args: any[]) => object;

/** The class of objects of which each runs the version of the code that its store had when it was started. */
export function versioned<Name extends keyof ObjectClasses>(name: Name, part: Part, app: App): ObjectClasses[Name] {
  const make = (version: App) => objects(version)[name] as Class;
  const made = new Map<App, Class>();
  const classOf = (version: App) => {
    const known = made.get(version) ?? make(version);
    made.set(version, known);
    return known;
  };
  return class extends make(app) {
    // oxlint-disable-next-line typescript/no-explicit-any
    constructor(...args: any[]) {
      const [{ id }] = args as [DurableObjectState];
      const store = id.name?.split(/[/#]/)[0] ?? "";
      const version = code.get(store)?.[part];
      // oxlint-disable-next-line no-constructor-return -- the runtime takes the object that it is given
      if (version) return new (classOf(version))(...args);
      super(...args);
    }
  } as unknown as ObjectClasses[Name];
}
