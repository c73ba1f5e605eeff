import * as z from "zod";
import { category, event, transform } from "../../../src/index.ts";
import { on, when } from "../../../src/testing/index.ts";
import { room } from "./parts.ts";

const stays = category("stay", { events: { Begun: z.object({ guest: z.string() }) } });
const begun = transform("stays", { from: room, to: stays, on: { Left: ({ data }) => event("Begun", { guest: data.guest }) } });
// mistake: "Lft"' is not assignable to parameter of type '"Booked" | "Left" | "Paid"'
when(begun, on("room/1", event("Lft", { guest: "a" }))).thenNothing();
