/** Views, as consumers that the code declares. */

import type { DeclaredKind } from "../kind.ts";
import { filterOfView } from "./view.ts";

export const viewsInCode = {
  name: "view",
  keepsOwnPlace: false,
  has: (app, consumer) => app.views.has(consumer),
  inCode: (app) =>
    [...app.views.values()].map((view) => {
      const { name, key, indexes, row, handlers, revision } = view;
      const code = revision ?? [...handlers].map(([type, handler]) => [type, ...handler.code]);
      return { name, filter: filterOfView(view), code: { name, key, indexes, columns: Object.keys(row.shape), code } };
    }),
} as const satisfies DeclaredKind;
