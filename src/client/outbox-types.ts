/** What an outbox over an app can do, from the type of the app. */

import type * as z from "zod";
import type { DataSchemas, Frozen } from "../core/event.ts";
import type { Aggregate, AnyAggregate } from "../definitions/aggregate.ts";
import type { Appendable, Commands, WriteOptions } from "./types.ts";
import type { AggregatesOf, AnyApp, CategoriesOf, Named, NewEventOf, Own, ProcessEvent, ProcessesOf } from "./app-types.ts";

/** What a write of an outbox may say: the rest is the outbox's business. */
export type OutboxWriteOptions = Pick<WriteOptions, "ifMatch" | "idempotencyKey" | "correlationId">;

/** The streams of an app, as far as they are written to: commands and appends. */
export type Writes<Of extends AnyApp> = {
  readonly [Name in AggregatesOf<Of>["name"]]: (id: string) => WritesOf<Named<AggregatesOf<Of>, Name>>;
} & { readonly [Name in CategoriesOf<Of>["name"]]: (id: string) => Appendable<Named<CategoriesOf<Of>, Name>, OutboxWriteOptions> } & {
  readonly [Name in ProcessesOf<Of>["name"]]: (
    id: string,
  ) => Commands<Named<ProcessesOf<Of>, Name>["commands"], ProcessEvent<Named<ProcessesOf<Of>, Name>>["type"] | Own, OutboxWriteOptions>;
};
type WritesOf<Of extends AnyAggregate> =
  Of extends Aggregate<string, infer Events, infer Declared, infer _State>
    ? Commands<Declared, keyof Events & string, OutboxWriteOptions>
    : never;

/** The names and the data of every write of the app. */
type WriteOf<Of extends AnyApp> =
  | {
      [Name in AggregatesOf<Of>["name"]]: CommandOf<Name, Named<AggregatesOf<Of>, Name>["commands"]>;
    }[AggregatesOf<Of>["name"]]
  | {
      [Name in ProcessesOf<Of>["name"]]: CommandOf<Name, Named<ProcessesOf<Of>, Name>["commands"]>;
    }[ProcessesOf<Of>["name"]]
  | {
      [Name in CategoriesOf<Of>["name"]]: {
        readonly category: Name;
        readonly command: "append";
        readonly data: NewEventOf<Named<CategoriesOf<Of>, Name>> | readonly NewEventOf<Named<CategoriesOf<Of>, Name>>[];
      };
    }[CategoriesOf<Of>["name"]];
type CommandOf<Name extends string, Of extends DataSchemas> = {
  [Command in keyof Of & string]: { readonly category: Name; readonly command: Command; readonly data: Frozen<z.input<Of[Command]>> };
}[keyof Of & string];

/** A write in an outbox: `category`, `command` and `data` belong together. An append to a plain category has the command `append`. */
export type OutboxCommand<Of extends AnyApp> = WriteOf<Of> & {
  /** The stream's id. */
  readonly id: string;
  /** Its idempotency key, which names it. */
  readonly key: string;
  /** When it was made: milliseconds since 1970, by the page's clock. */
  readonly at: number;
};
