import { aggregate, event, nothing } from "../../../src/index.ts";
import { commands, events, evolve, initialState } from "./parts.ts";

aggregate("room", {
  events,
  commands,
  initialState,
  evolve,
  decide: {
    Book: () => nothing(),
    // mistake: "Lft", { readonly guest: "a"; }, "guest">' but required in type 'DeclaredEvent<"Booked" | "Left" | "Paid">'
    Leave: () => event("Lft", { guest: "a" }),
  },
});
