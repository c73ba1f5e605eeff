/** A delivery whose turn it is: the first attempt at something new, or another one at something that failed, or what waited behind it. */

import type { Lane } from "./lane-table.ts";
import type { Item, Window } from "./window.ts";

export type Turn =
  | {
      readonly kind: "fresh";
      readonly run: number;
      readonly stream: string;
      readonly position: number;
      readonly window: Window;
      readonly item: Item;
      readonly lane?: undefined;
    }
  | { readonly kind: "again"; readonly run: number; readonly stream: string; readonly position: number | undefined; readonly lane?: Lane };
