import * as z from "zod";
import { sql, view } from "../../../src/index.ts";
import { room } from "./parts.ts";

view("guests", {
  from: room,
  row: z.object({ room: z.string(), nights: z.int() }),
  key: "room",
  on: { Booked: (_row, { data, stream }) => ({ room: stream, nights: data.nights }) },
  queries: {
    long: {
      params: z.object({ atLeast: z.coerce.number() }),
      // mistake: Property 'atLest' does not exist
      sql: ({ rows, params }) => sql`SELECT * FROM ${rows} WHERE nights >= ${params.atLest}`,
    },
  },
});
