/** Waits for work, but not for ever. */

/**
 * The result of the work, or that of `late`, which may throw, if the work takes longer. The work itself is not stopped.
 *
 * @example await within(5_000, log.head(), () => {
 *   throw new Error("the log did not answer in time"); });
 */
export async function within<Result>(ms: number, work: Promise<Result>, late: () => Result): Promise<Result> {
  const over = Promise.withResolvers<Result>();
  const timer = setTimeout(() => {
    try {
      over.resolve(late());
    } catch (error) {
      over.reject(error);
    }
  }, ms);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
