/** One thing that is wrong with a body. */

export interface Issue {
  /** Where in the body, for example `lines.0.sku`. */
  readonly path: string;
  readonly message: string;
}
