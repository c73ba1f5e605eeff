/** Every call from one part of the platform to another as a step, at which something may happen. */

import { env } from "cloudflare:workers";
import { vi } from "vitest";

/** Calls of the objects that write, or on which something rests. */
const CALLS = ["execute", "append", "sequence", "read", "acknowledge", "wake", "head", "positions"] as const;

/** What happens, and when. */
export interface Incident {
  /** Counted from 0. */
  readonly step: number;
  /** When the call has been made, before its caller hears of it; else before the call. */
  readonly after: boolean;
  readonly act: () => void;
}

/** Counts the steps, and lets the incident happen at its own, until the test has everything restored. */
export function steps({ step, after, act }: Incident) {
  const seen: string[] = [];
  const spies: { mockRestore(): void }[] = [];
  async function take<Result>(name: string, call: () => Promise<Result>): Promise<Result> {
    const isIt = seen.push(name) - 1 === step;
    if (isIt && !after) act();
    const result = await call();
    if (isIt && after) act();
    return result;
  }
  for (const part of ["STREAMS", "LOGS", "WEBHOOKS"] as const) {
    const namespace = env[part] as DurableObjectNamespace;
    const getByName = namespace.getByName.bind(namespace);
    const spy = vi.spyOn(namespace, "getByName").mockImplementation(
      (name) =>
        new Proxy(getByName(name), {
          get(target, property) {
            if (!(CALLS as readonly unknown[]).includes(property)) return Reflect.get(target, property) as unknown;
            // Called on the stub itself: its methods are no functions that could be kept or applied.
            const remote = target as unknown as Record<PropertyKey, (...given: unknown[]) => Promise<unknown>>;
            return (...given: unknown[]) => take(`${part} ${String(property)}`, async () => remote[property]?.(...given));
          },
        }),
    );
    spies.push(spy);
  }
  const batch = env.VIEWS.batch.bind(env.VIEWS);
  spies.push(vi.spyOn(env.VIEWS, "batch").mockImplementation((statements) => take("VIEWS batch", async () => batch(statements))));
  return { seen, restore: () => spies.forEach((spy) => spy.mockRestore()) };
}
