/** The test kit: sentences about aggregates, views and processors, without a runtime. Works in any test framework. */

export { given } from "./given.ts";
export { when } from "./when.ts";
export { inMemory } from "./in-memory.ts";
export { NOW, on } from "./recorded.ts";
export { accepted, failed, refused, timeout, told } from "./inputs.ts";

// Types
export type { GivenAggregate, ThenAggregate } from "./aggregate.ts";
export type { Beginning, InMemory, Ran } from "./in-memory.ts";
export type { GivenView } from "./view.ts";
export type { GivenProcess, ThenProcess } from "./process.ts";
export type { WhenReactor } from "./when.ts";
export type { WhenSource } from "./source.ts";
export type { TestWorld, WhenEffect } from "./effect.ts";
export type { Facts, On, OnStreamOf } from "./recorded.ts";
