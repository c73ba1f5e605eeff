/** Memory for what is the same many times in a row, such as the stream, the type and the meta of events that were stored together. */

/** The same function, which does not compute again what it was asked for last. Its results are shared: they must not be changed. */
export function rememberingLast<Given extends string | number, Result>(compute: (given: Given) => Result): (given: Given) => Result {
  let last: { readonly given: Given; readonly result: Result } | undefined;
  return (given) => {
    if (last?.given !== given) last = { given, result: compute(given) };
    return last.result;
  };
}
