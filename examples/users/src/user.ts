/**
 * A user, after the user example of Simple Sourcing: its commands, events and refusals, with the same names. Stored names: `user` and its
 * events.
 */

import { aggregate, event, refuse } from "headspring";
import * as z from "zod";

const Name = z.object({ firstName: z.string().min(1), lastName: z.string().min(1) });
const Birth = z.object({ yearOfBirth: z.int() });

export interface User {
  readonly firstName: string;
  readonly lastName: string;
  readonly yearOfBirth: number | null;
}

export const user = aggregate("user", {
  description: "A user: inserted, updated, deleted, and inserted again if you like.",
  events: {
    UserInserted: Name,
    FirstNameUpdated: Name.pick({ firstName: true }),
    LastNameUpdated: Name.pick({ lastName: true }),
    YearOfBirthUpdated: Birth,
    UserDeleted: z.object({}),
    BuggyEvent: z.object({}),
  },
  commands: {
    InsertUser: Name,
    UpdateName: Name,
    UpdateYearOfBirth: Birth,
    DeleteUser: z.object({}),
    /** Shows what a bug does: in `decide`, or in `evolve`. */
    BuggyCommand: z.object({ throwInCommandHandler: z.boolean(), throwInEventHandler: z.boolean() }),
  },
  // Their `CommandSequenceStrategy.Strict`: each command says which version of the user it is about.
  ifMatch: "required",
  // Their `Optional<User>`: null is a user that is not there.
  initialState: (): User | null => null,
  evolve: {
    UserInserted: (_state, { firstName, lastName }) => ({ firstName, lastName, yearOfBirth: null }),
    FirstNameUpdated: (state, { firstName }) => state && { ...state, firstName },
    LastNameUpdated: (state, { lastName }) => state && { ...state, lastName },
    YearOfBirthUpdated: (state, { yearOfBirth }) => state && { ...state, yearOfBirth },
    UserDeleted: () => null,
    BuggyEvent: () => {
      throw new Error("a bug in evolve");
    },
  },
  decide: {
    InsertUser: (state, name) => (state ? refuse("user-already-created") : event("UserInserted", name)),
    UpdateName: (state, { firstName, lastName }) =>
      state ? [event("FirstNameUpdated", { firstName }), event("LastNameUpdated", { lastName })] : refuse("no-such-user"),
    UpdateYearOfBirth: (state, birth) => (state ? event("YearOfBirthUpdated", birth) : refuse("no-such-user")),
    DeleteUser: (state) => (state ? event("UserDeleted", {}) : refuse("no-such-user")),
    BuggyCommand: (_state, { throwInCommandHandler }) => {
      if (throwInCommandHandler) throw new Error("a bug in decide");
      return event("BuggyEvent", {});
    },
  },
});
