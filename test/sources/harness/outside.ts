/** What the harness needs of a database or broker: somebody who writes into it, and somebody who kills it. */

/** The change that is the `n`th of its key: 1, 2, 3 … */
export interface Written {
  readonly key: string;
  readonly n: number;
}

/** What has arrived. */
export interface Arrived extends Written {
  /** It is a row of a snapshot: the state as of its `n`th change, whether or not that change arrives by itself. */
  readonly isState?: boolean;
}

export interface Outside {
  readonly kind: string;
  /** Variables of the worker whose source follows it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether the changes of one key keep their order: a queue promises none. */
  readonly isOrdered: boolean;
  /** What was there before the source began: for a snapshot. */
  readonly before?: readonly Written[];
  /**
   * Whether the source has got so far that what is written now is for it. Absent: all that is there is for it. What a row went through before
   * the slot was made, and what was published before the session, is not.
   */
  readonly hasBegun?: (progress: { readonly status?: string; readonly changes?: number }) => boolean;
  /** Where the store listens, for an outside that is part of it. */
  begin?: (url: string) => void;
  /**
   * Writes changes, those of one key in the order given. When it fails, nobody knows how much was written: it is called again with the same
   * changes, and must not write one twice that its kind could not tell from another.
   */
  write(changes: readonly Written[]): Promise<void>;
  /** Kills it, and starts it again on what it has on its disk. Absent: it is part of the store's own runtime. */
  restart?: () => Promise<void>;
  /** Writes changes again that have not arrived: for what loses its memory with the runtime, as the local queue does. */
  again?: (missing: readonly Written[]) => Promise<void>;
  stop(): Promise<void>;
}
