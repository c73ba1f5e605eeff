/** Which stream, for lines in the logs and spans. */
export interface StreamPlace {
  readonly store: string;
  /** `category/id` */
  readonly stream: string;
}
