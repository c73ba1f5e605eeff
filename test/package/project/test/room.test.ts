import { event, send } from "headspring";
import { given, on, when } from "headspring/testing";
import { bookings, tidy } from "../src/app.ts";
import { room } from "../src/room.ts";

// vitest's own declarations do not compile with those of Workers, if a project has its compiler check declarations.
declare const test: (name: string, run: () => void) => void;

const monday = { by: "Ada", day: "monday" };

test("a room is booked once a day", () => {
  given(room).when("Book", monday).then(event("Booked", monday));
  given(room, event("Booked", monday)).when("Book", monday).thenRefused("already-booked");
});

test("bookings are counted by room", () => {
  given(bookings, on("room/1", event("Booked", monday))).thenRows([{ id: "1", days: 1, last: "monday" }]);
});

test("a complaint books the room for the cleaners", () => {
  when(tidy, on("complaint/1", event("Complained", { room: "1", about: "dust" }))).thenSends(
    send(room, "1", "Book", { by: "the cleaners", day: "tomorrow" }),
  );
});
