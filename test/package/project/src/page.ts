import { createClient } from "headspring/client";
import type { app } from "./app.ts";

export const rooms = createClient<typeof app>("https://rooms.example/");

export async function book(id: string, day: string): Promise<string> {
  const booked = await rooms.room(id).Book({ by: "Ada", day });
  const row = await rooms.views.bookings.get(id);
  return booked.ok ? (row?.last ?? "soon") : booked.reason;
}
