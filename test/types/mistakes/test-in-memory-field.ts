import { inMemory } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

// mistake: 'gest' does not exist in type 'ReadonlyDeep<{ guest: string; }>'. Did you mean to write 'guest'?
inMemory(room).run("Book", { gest: "a" });
