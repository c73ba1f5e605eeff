/** A view: the users that are there, which anyone may query. */

import { view } from "headspring";
import * as z from "zod";
import { user } from "./user.ts";

const Row = z.object({ id: z.string(), firstName: z.string(), lastName: z.string(), yearOfBirth: z.int().nullable() });
type Row = z.infer<typeof Row>;

/** The row with these members, if there is one. */
const updated = (row: Row | undefined, { data }: { readonly data: Partial<Row> }): Row | null => (row ? { ...row, ...data } : null);

export const users = view("users", {
  description: "The users that have not been deleted.",
  from: user,
  row: Row,
  key: "id",
  indexes: ["lastName"],
  on: {
    UserInserted: (_row, { data }, id) => ({ id, ...data, yearOfBirth: null }),
    FirstNameUpdated: updated,
    LastNameUpdated: updated,
    YearOfBirthUpdated: updated,
    UserDeleted: () => null,
  },
});
