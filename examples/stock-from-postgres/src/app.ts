import { defineApp } from "headspring";
import { available } from "./available.ts";
import { offer, offering } from "./offer.ts";
import { stockLevel } from "./stock-level.ts";
import { stockTable } from "./stock-table.ts";

/** The list of the app's parts. What is not in it does not exist for the store. */
export const app = defineApp({
  aggregates: [offer],
  categories: [stockLevel],
  sources: [stockTable],
  views: [available],
  processors: [offering],
});
