/** A store of specimens with readers of its live view. */

import { quietStore } from "../delivery/support.ts";
import { LiveRows } from "../../live-rows.ts";
import { read } from "../support.ts";
import type { SpecimenRow } from "./parts.ts";

export const numbered = (id: number | string, whole: number): SpecimenRow => ({
  id: `k${id}`,
  text: null,
  whole,
  maybe: null,
  flag: whole % 2 === 0,
  list: [],
});

/** A store of specimens, whose view is brought forward after every write. */
export function specimens(name: string) {
  const store = quietStore(name);
  const { get, post, json, wake } = store;
  const append = async (type: string, data: object): Promise<number> => {
    const { position } = await read(await post("/streams/specimen/all", { type, data }));
    return position;
  };
  const forward = async (position: number) => {
    await wake("specimens");
    return position;
  };
  return {
    ...store,
    put: async (...rows: SpecimenRow[]) => forward(await append("Put", { rows })),
    remove: async (...ids: string[]) => forward(await append("Removed", { ids })),
    /** Without bringing the view forward. */
    append,
    rows: async (query = ""): Promise<SpecimenRow[]> => (await json(`/views/specimens?limit=200&${query}`)).rows,
    follow: async (query = ""): Promise<LiveRows> => {
      const follower = await LiveRows.start(get, `/views/specimens${query}`, "id");
      await follower.connect();
      return follower;
    },
  };
}
