/** The next attempt to make: the first for a new event, another one for a failed event, or the first for an event that waited behind it. */

import type { BlockedStream } from "./blocked-table.ts";
import type { Item, Window } from "./window.ts";

export type Attempt =
  | {
      readonly kind: "fresh";
      readonly run: number;
      readonly stream: string;
      readonly position: number;
      readonly window: Window;
      readonly item: Item;
      readonly blocked?: undefined;
    }
  | {
      readonly kind: "again";
      readonly run: number;
      readonly stream: string;
      readonly position: number | undefined;
      readonly blocked?: BlockedStream;
    };
