/** When an event, then what an effect records: the engine's own code runs it, and the test plays the services that it calls. */

import type { NewEvent, RecordedEvent } from "../core/event.ts";
import type { Effect } from "../definitions/processors/effect.ts";
import { callOut, recordOf, recordable } from "../processors/effect-call.ts";
import { fitting } from "../core/misfit.ts";
import { type On, asStored, dataOf, recorded } from "./recorded.ts";
import { same } from "./same.ts";

/** The services that an effect calls, as the test plays them. */
export interface TestWorld {
  /** Answers the effect's requests. Without it, a request is an error. */
  readonly fetch?: (request: Request) => Response | Promise<Response>;
  /** The deployment's variables and secrets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** An earlier run has made a call already. */
  readonly repeated?: boolean;
}

/** The outcome of an effect for an event: the sentence ends here. */
export interface WhenEffect<Event = NewEvent> {
  /** The effect records this outcome: on the given stream, or on any. */
  thenRecords(event: Event, stream?: string): Promise<void>;
  /** There was nothing to do. */
  thenNothing(): Promise<void>;
  /** It failed, to be tried again, with this in its message. */
  thenFails(message: string): Promise<void>;
}

type Ending = { readonly recorded: object; readonly stream: string } | { readonly failed: string } | { readonly nothing: true };

export function whenEffect(effect: Effect, event: On, world: TestWorld = {}): WhenEffect {
  const sentence = `${effect.name}: when ${event.event.type} on ${event.stream}`;
  const ending = endingOf(effect, event, world);
  return {
    async thenRecords(expected, stream) {
      const data: unknown = dataOf([effect.records], effect.records.name, expected);
      const actual = await ending;
      const told = "recorded" in actual && stream === undefined ? { recorded: actual.recorded } : actual;
      same(sentence, told, asStored({ recorded: { type: expected.type, data }, stream }));
    },
    async thenNothing() {
      same(sentence, await ending, { nothing: true });
    },
    async thenFails(message) {
      const actual = await ending;
      same(sentence, "failed" in actual && actual.failed.includes(message) ? { failed: message } : actual, { failed: message });
    },
  };
}

async function endingOf(effect: Effect, given: On, world: TestWorld): Promise<Ending> {
  const { fetch = noFetch, variables = {}, repeated = false } = world;
  const event = recorded([...effect.followed], [given])[0] as RecordedEvent; // as many as were given
  try {
    const stream = recordOf(effect, event);
    const outcome = await callOut(effect, event, { fetch, variables, repeated, announce: async () => {} });
    const fact = recordable(effect, outcome);
    if (!fact) return { nothing: true };
    const data = fitting(`event \`${fact.type}\` of category \`${effect.records.name}\``, "data", fact.schema, fact.data);
    return asStored({ recorded: { type: fact.type, data }, stream });
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

function noFetch(request: Request): never {
  throw new Error(`${request.method} ${request.url}: the test gives no \`fetch\` to answer it`);
}
