import { after } from "../../../src/index.ts";
import { given } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

given(room)
  .when("Book", { guest: "a" })
  // mistake: '"Leav"' is not assignable to parameter of type '"Book" | "Leave"'
  .then(after("1d", "Leav", { guest: "a" }));
