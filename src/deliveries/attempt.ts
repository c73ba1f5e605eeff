/** The next attempt to be made: the first at something new, another one at something that failed, or the first at what waited behind it. */

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
