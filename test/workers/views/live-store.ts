/** A store of specimens with readers of its live view. */

import { quietStore } from "../delivery/support.ts";
import { LiveRows } from "../../live-rows.ts";
import { read } from "../support.ts";
import type { ViewDefinition } from "../../../src/definitions/over-http/view.ts";
import { storeWith } from "./declared.ts";
import type { SpecimenRow } from "./parts.ts";

export const numbered = (id: number | string, whole: number): SpecimenRow => ({
  id: `k${id}`,
  text: null,
  whole,
  maybe: null,
  flag: whole % 2 === 0,
  list: [],
});

/** The same rows, by a definition over HTTP: an event changes one row. */
const DEFINITION: ViewDefinition = {
  from: "specimen",
  key: "event.type == 'Put' ? data.rows[0].id : data.ids[0]",
  columns: {
    text: { type: "string", value: "data.rows[0].text" },
    whole: { type: "integer", value: "data.rows[0].whole" },
    maybe: { type: "integer", value: "data.rows[0].maybe" },
    flag: { type: "boolean", value: "data.rows[0].flag" },
    list: { type: "json", value: "data.rows[0].list" },
  },
  remove: "event.type == 'Removed'",
};

/** A store of specimens, whose view is brought forward after every write. */
export function specimens(name: string) {
  return following(quietStore(name), "specimens");
}

/** A store whose view of specimens is declared over HTTP. */
export async function declaredSpecimens(name: string) {
  const store = await storeWith(name, { "declared-specimens": DEFINITION });
  const { append, ...rest } = following(store, "declared-specimens");
  const each = async (type: string, data: readonly object[]) => {
    let position = 0;
    for (const one of data) position = await append(type, one);
    await store.wake("declared-specimens");
    return position;
  };
  const split = (data: { readonly rows?: readonly SpecimenRow[]; readonly ids?: readonly string[] }) => [
    ...(data.rows ?? []).map((row) => ({ rows: [row] })),
    ...(data.ids ?? []).map((id) => ({ ids: [id] })),
  ];
  return {
    ...rest,
    put: (...rows: SpecimenRow[]) => each("Put", split({ rows })),
    remove: (...ids: string[]) => each("Removed", split({ ids })),
    append: async (type: string, data: object) => {
      let position = 0;
      for (const one of split(data)) position = await append(type, one);
      return position;
    },
  };
}

function following(store: ReturnType<typeof quietStore>, view: string) {
  const { get, post, json, wake } = store;
  const append = async (type: string, data: object): Promise<number> => {
    const { position } = await read(await post("/streams/specimen/all", { type, data }));
    return position;
  };
  const forward = async (position: number) => {
    await wake(view);
    return position;
  };
  return {
    ...store,
    view,
    put: async (...rows: SpecimenRow[]) => forward(await append("Put", { rows })),
    remove: async (...ids: string[]) => forward(await append("Removed", { ids })),
    /** Without bringing the view forward. */
    append,
    rows: async (query = ""): Promise<SpecimenRow[]> => (await json(`/views/${view}?limit=200&${query}`)).rows,
    follow: async (query = ""): Promise<LiveRows> => {
      const follower = await LiveRows.start(get, `/views/${view}${query}`, "id");
      await follower.connect();
      return follower;
    },
  };
}
