/**
 * One store of the deployment: its parts, found by name. Code that serves a request, a wake-up, the cron or an object makes one and passes
 * it on; nothing above reads bindings.
 */

import { type Budget, budgetOf, counting } from "../core/budget.ts";
import type { App } from "../definitions/app.ts";
import type { CatalogRpc } from "./catalog-protocol.ts";
import { Definitions } from "./definitions.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import type { HeadspringEnv } from "./env.ts";
import { logClient } from "./log-client.ts";
import type { LogRpc } from "./log-protocol.ts";
import type { StreamObjectRpc } from "./import-protocol.ts";
import { type Occasion, wakeUpFor } from "./consumer-protocol.ts";
import { databaseIn } from "./placement.ts";
import { isReadingOnly } from "./reads-only.ts";
import { streamClient } from "./packed-stream.ts";
import type { SourceRpc } from "./source-protocol.ts";
import type { WebhookRpc } from "./webhook-protocol.ts";

export class Store {
  readonly name: string;
  /** The code that runs here. What is declared in the store: `definitions`. */
  readonly app: App;
  readonly log: LogRpc;
  /** What the code and the catalog declare. */
  readonly definitions: Definitions;
  readonly #env: HeadspringEnv;

  /**
   * @param env leads to where the store lies: see `placedEnv`
   * @param remembers see {@link remembering}
   */
  constructor(env: HeadspringEnv, name: string, app: App, remembers = false) {
    this.name = name;
    this.app = app;
    this.log = logClient(env.LOGS, name);
    this.definitions = new Definitions(app, name, () => this, remembers);
    this.#env = env;
  }

  /** The object of one stream: `{store}/{category}/{id}`. */
  stream(category: string, id: string): StreamObjectRpc {
    return streamClient(this.#env.STREAMS.getByName(`${this.name}/${category}/${id}`));
  }

  /** The object of one webhook: `{store}/{id}`. */
  webhook(id: string): WebhookRpc {
    return this.#env.WEBHOOKS.getByName(`${this.name}/${id}`);
  }

  /** The object of one source: `{store}/{name}`. */
  source(name: string): SourceRpc {
    return this.#env.SOURCES.getByName(`${this.name}/${name}`);
  }

  /** The catalog of categories declared at run time. */
  get catalog(): CatalogRpc {
    return this.#env.CATALOGS.getByName(this.name);
  }

  /**
   * The D1 database in which the store keeps what the code keeps in this binding.
   *
   * @throws {Error} when the deployment has none
   */
  database(binding = "VIEWS"): D1Database {
    return databaseIn(this.#env, binding);
  }

  /** The version of the code that runs; undefined: unknown. */
  get deployment(): Deployment | undefined {
    return deploymentOf(this.#env);
  }

  /** Nothing of it may change here: see `reads-only.ts`. */
  get readsOnly(): boolean {
    return isReadingOnly(this.#env);
  }

  /** Wakes a consumer through the queue, after this many seconds, or after the queue's own delay. */
  async wake(consumer: string, occasion: Partial<Occasion> = {}, delaySeconds?: number): Promise<void> {
    const wakeUp = wakeUpFor(this.name, [consumer], { head: 0, ...occasion });
    await this.#env.WAKE_UPS.send(wakeUp, ...(delaySeconds === undefined ? [] : [{ delaySeconds }]));
  }

  /** The calls and statements that this invocation has left, if they are counted. */
  get budget(): Budget | undefined {
    return budgetOf(this.#env);
  }

  /** The same store for one invocation: its calls are counted from now on, and {@link remembering}. */
  counting(budget?: Budget): Store {
    return new Store(counting(this.#env, budget), this.name, this.app, true);
  }

  /** The same store for one piece of work, which asks the catalog only once for each view and processor. */
  remembering(): Store {
    return new Store(this.#env, this.name, this.app, true);
  }

  /** The deployment's variables and secrets, by name. */
  get variables(): HeadspringEnv {
    return this.#env;
  }
}
