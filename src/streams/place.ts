/** Identifies a stream in lines of the logs and in spans. */
export interface StreamPlace {
  readonly store: string;
  /** `category/id` */
  readonly stream: string;
}
