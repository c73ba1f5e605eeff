/** Stores: which there are, and where each lies. */

import { PlacementBody, StoresQuery } from "../../stores.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { JSON_TYPE, json } from "./shared.ts";

export const stores: readonly Operation[] = [
  {
    method: "get",
    path: "/stores",
    operationId: "listStores",
    summary: "The stores, with their heads, and where they lie",
    description: "For tokens of every store. A store is listed from its first write on, or since it was placed.",
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
    answers: { 200: json("The store. One that was never written to says where it would lie.", COMPONENTS.Store) },
    ofService: true,
  },
  {
    method: "put",
    path: "/stores/{store}",
    operationId: "placeStore",
    summary: "Place a store, before its first write and for good",
    description:
      "A jurisdiction is kept by all of a store's objects and views; its views then need a D1 database there, bound as `VIEWS_EU`, " +
      "`VIEWS_US` and so on. Without a member the deployment's `JURISDICTION` or `LOCATION` holds. The first write places a store as well, " +
      "and so does a live subscription.",
    tag: "Stores",
    body: { [JSON_TYPE]: PlacementBody },
    answers: {
      201: json("It is placed.", COMPONENTS.Store, ["Location"]),
      200: json("It was placed there already.", COMPONENTS.Store, ["Location"]),
    },
    problems: ["store-placed", "placement-not-possible"],
    ofService: true,
  },
];
