/** Stores: the list of them, and where each lies. */

import { PlacementBody, StoresQuery } from "../../stores.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { JSON_TYPE, json } from "./shared.ts";

export const stores: readonly Operation[] = [
  {
    method: "get",
    path: "/stores",
    operationId: "listStores",
    summary: "All stores, with their heads and places",
    description: "The token must be for every store. A store is listed once it is placed or first written to.",
    tag: "Stores",
    query: StoresQuery,
    answers: { 200: json("A page of stores, by name.", ANSWERS.stores, ["Link"]) },
    ofService: true,
  },
  {
    method: "get",
    path: "/stores/{store}",
    operationId: "getStore",
    summary: "Where each kind of a store's data is",
    tag: "Stores",
    answers: { 200: json("The store. If nothing was ever written to it: where it would be placed.", COMPONENTS.Store) },
    ofService: true,
  },
  {
    method: "put",
    path: "/stores/{store}",
    operationId: "placeStore",
    summary: "Place a store, before its first write and for good",
    description:
      "No object or view of the store leaves its jurisdiction; its views need a D1 database there, bound as `VIEWS_EU`, " +
      "`VIEWS_US` and so on. The defaults are the deployment's `JURISDICTION` and `LOCATION`. The first write or live subscription " +
      "also places a store.",
    tag: "Stores",
    body: { [JSON_TYPE]: PlacementBody },
    answers: {
      201: json("The store is placed.", COMPONENTS.Store, ["Location"]),
      200: json("The store was already placed there.", COMPONENTS.Store, ["Location"]),
    },
    problems: ["store-placed", "placement-not-possible"],
    ofService: true,
  },
];
