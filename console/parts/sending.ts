/** What sends something waits for its answer before it sends again: a double click, or Enter pressed twice, is one call. */

import { useRef, useState } from "preact/hooks";

type Send = (call: () => Promise<unknown>) => Promise<void>;

/** Whether a call is under way, and the function that begins one. While it is, that function does nothing. */
export function useSending(): [isBusy: boolean, send: Send] {
  const [isBusy, setBusy] = useState(false);
  // Not the state: of that, two clicks at one moment see the same.
  const isUnderWay = useRef(false);
  const send: Send = async (call) => {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    setBusy(true);
    try {
      await call();
    } finally {
      isUnderWay.current = false;
      setBusy(false);
    }
  };
  return [isBusy, send];
}
