import { inMemory } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

// mistake: Argument of type '"Bok"' is not assignable to parameter of type '"Book" | "Leave"'
inMemory(room).run("Bok", { guest: "a" });
