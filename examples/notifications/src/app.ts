import { defineApp } from "headspring";
import { dog } from "./dog.ts";

/** The list of the app's parts. */
export const app = defineApp({ aggregates: [dog] });
