import * as z from "zod";
import { category } from "../../../src/index.ts";

category("reading", {
  // mistake: '"sensr"' is not assignable to type
  key: "sensr",
  events: { Read: z.object({ sensor: z.string(), celsius: z.number() }) },
});
