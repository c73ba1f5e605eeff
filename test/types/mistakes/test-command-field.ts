import { given } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

// mistake: 'gest' does not exist in type 'ReadonlyDeep<{ guest: string; }>'. Did you mean to write 'guest'?
given(room).when("Book", { gest: "a" }).thenNothing();
