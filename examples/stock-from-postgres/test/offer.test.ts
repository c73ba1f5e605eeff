import { event, send } from "headspring";
import { given, on, when } from "headspring/testing";
import { describe, it } from "vitest";
import { offer, offering } from "../src/offer.ts";

const became = event("BecameAvailable", { units: 7 });
const ranOut = event("RanOut", {});

describe("an offer", () => {
  it("is announced when there is something to sell, for the first time and again", () => {
    given(offer).when("Count", { units: 7 }).then(became);
    given(offer, became, ranOut).when("Count", { units: 7 }).then(became);
  });

  it("is announced as over when nothing is left", () => {
    given(offer, became).when("Count", { units: 0 }).then(ranOut);
  });

  it("is not announced for each unit", () => {
    given(offer).when("Count", { units: 0 }).thenNothing();
    given(offer, became).when("Count", { units: 3 }).thenNothing();
    given(offer, became, ranOut).when("Count", { units: -1 }).thenNothing();
  });
});

describe("offering", () => {
  it("counts the units in a row, and none for a row that is gone", () => {
    when(offering, on("stock-level/TEA-1", event("StockChanged", { units: 7, price: null }))).thenSends(
      send(offer, "TEA-1", "Count", { units: 7 }),
    );
    when(offering, on("stock-level/TEA-1", event("StockGone", {}))).thenSends(send(offer, "TEA-1", "Count", { units: 0 }));
  });
});
