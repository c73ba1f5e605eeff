import { event } from "../../../src/index.ts";
import { given } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

given(room)
  .when("Book", { guest: "a" })
  // mistake: Property 'from' is missing
  .then(event("Booked", { guest: "a", nights: 1, lines: [] }));
