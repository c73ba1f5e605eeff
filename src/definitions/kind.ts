/** What the code knows about a kind of consumer. How its consumers work is in `consumers/kind.ts`. */

import type { Code } from "../core/code-hash.ts";
import type { EventFilter } from "../core/event.ts";
import type { App } from "./app.ts";

/** A consumer that the code declares and that is on in this deployment. */
export interface DeclaredConsumer {
  readonly name: string;
  /** The events that it handles. */
  readonly filter: EventFilter;
  /** It begins with the events after its first deployment. */
  readonly startsAtHead?: boolean;
  /** What else its results depend on: when this changes, it has work to do even without a new event. */
  readonly code?: Code;
}

export interface DeclaredKind {
  /** The kind, as reports name it. */
  readonly name: string;
  /** Its consumers keep their positions themselves, each in an object: D1 does not know how far they are, and each has to be asked. */
  readonly keepsOwnPlace: boolean;
  /** Whether a consumer of this name is of this kind: declared in code, on or off, or added at run time. */
  has(app: App, consumer: string): boolean;
  /** @param variables those of the deployment */
  inCode(app: App, variables: object): readonly DeclaredConsumer[];
}
