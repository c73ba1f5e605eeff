import { event } from "../../../src/index.ts";
import { given } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

// mistake: '"Bookd"' is not assignable to parameter of type '"Booked" | "Left" | "Paid"'
given(room, event("Bookd", { guest: "a", from: "", nights: 1, lines: [] }))
  .when("Leave", { guest: "a" })
  .thenNothing();
