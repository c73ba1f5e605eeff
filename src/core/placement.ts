/** Where a store lies: the names of jurisdictions and locations that the platform has. */

/** Platform: Durable Objects, "Data location". */
export const JURISDICTIONS = ["eu", "us", "fedramp", "fedramp-high"] as const satisfies readonly DurableObjectJurisdiction[];
/** Platform: Durable Objects, "Data location", location hints. The platform follows a hint when an object is made, as well as it can. */
export const LOCATIONS = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "apac-ne",
  "apac-se",
  "oc",
  "afr",
  "me",
] as const satisfies readonly DurableObjectLocationHint[];

export type Jurisdiction = (typeof JURISDICTIONS)[number];
export type Location = (typeof LOCATIONS)[number];

export interface Placement {
  readonly jurisdiction?: Jurisdiction;
  readonly location?: Location;
}
