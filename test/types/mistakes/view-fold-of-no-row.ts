import * as z from "zod";
import { view } from "../../../src/index.ts";
import { room } from "./parts.ts";

const row = z.object({
  id: z.string(),
  room: z.string(),
  guest: z.string(),
  from: z.string(),
  to: z.string(),
  title: z.string(),
  paid: z.boolean(),
});
view("rooms", {
  from: room,
  row,
  key: "id",
  on: {
    // mistake: undefined
    Left: { at: ({ data }) => data.guest, fold: (row) => row && { ...row, paid: true } },
  },
});
