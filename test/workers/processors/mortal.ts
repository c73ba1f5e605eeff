/** Workers that die: every step they take towards the world may be their last. */

import { type PackedAppend, received } from "../../../src/store/packed-stream.ts";

export const KILLED = "the worker is dead";

/** A worker's life: it takes steps, and after the last one nothing it does reaches the world. */
export interface Life {
  readonly dead: boolean;
  /** It takes as many steps as it likes. */
  readonly endless: boolean;
  step<Result>(act: () => Promise<Result>): Promise<Result>;
}

/** @param after it dies when the step is taken, before it learns of it; else before the step */
function life(steps: number, after: boolean): Life {
  let left = steps;
  let dead = false;
  const alive = () => {
    if (dead) throw new Error(KILLED);
  };
  return {
    endless: steps === Number.POSITIVE_INFINITY,
    get dead() {
      return dead;
    },
    async step(act) {
      alive();
      left--;
      if (left === 0 && !after) dead = true;
      alive();
      const last = left === 0;
      const result = await act();
      if (last) dead = true;
      alive();
      return result;
    },
  };
}

export const IMMORTAL = () => life(Number.POSITIVE_INFINITY, false);

/** The same object, whose calls of these methods are steps of a life. */
export function mortal<Part extends object>(part: Part, methods: readonly (keyof Part)[], { step }: Life): Part {
  return new Proxy(part, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      return methods.includes(property as keyof Part) ? (...args: unknown[]) => step(async () => call(...args)) : call;
    },
  });
}
mortal.life = life;

/** The bindings, with every call of a stream and every query of D1 a step. `stored` gets the appended events. */
export function mortalEnv(env: Env, { step, endless }: Life, stored: (type: string, data: string) => void): Env {
  const streams = {
    getByName(name: string) {
      const real = env.STREAMS.getByName(name);
      return {
        execute: (request: never) => step(async () => real.execute(request)),
        read: (request: never) => step(async () => real.read(request)),
        append: (request: PackedAppend) =>
          step(async () => {
            const answer = await real.append(request);
            if (answer.outcome === "written")
              for (const { type, data } of received(request.packed)) if (type !== "$Sought") stored(type, data);
            return answer;
          }),
      };
    },
  };
  const statements = new WeakMap<object, D1PreparedStatement>();
  const statement = (real: D1PreparedStatement): object => {
    const wrapped = {
      bind: (...values: unknown[]) => statement(real.bind(...values)),
      first: () => step(async () => real.first()),
      run: () => step(async () => real.run()),
      all: () => step(async () => real.all()),
    };
    statements.set(wrapped, real);
    return wrapped;
  };
  const views = {
    prepare: (sql: string) => statement(env.VIEWS.prepare(sql)),
    batch: (list: readonly object[]) => step(async () => env.VIEWS.batch(list.map((one) => statements.get(one) as D1PreparedStatement))),
  };
  return { ...env, STREAMS: streams, VIEWS: endless ? env.VIEWS : views } as unknown as Env; // what processors use of them
}
