import { defineApp } from "headspring";

/** The list of the app's parts. */
export const app = defineApp({ aggregates: [] });
