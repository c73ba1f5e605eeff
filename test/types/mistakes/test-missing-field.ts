import { event } from "../../../src/index.ts";
import { given } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

// mistake: Property 'from' is missing
given(room, event("Booked", { guest: "a", nights: 1, lines: [] }))
  .when("Leave", { guest: "a" })
  .thenNothing();
