/** Copies a text, and says that it did. */

import { useState } from "preact/hooks";

/** Milliseconds that “Copied” is shown. */
const SHOWN_MS = 1_500;

export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [said, say] = useState<string>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      say("The browser does not allow it");
    }
    setTimeout(() => say(undefined), SHOWN_MS);
  };
  return (
    <button type="button" class="plain copy" onClick={() => void copy()}>
      <span aria-live="polite">{said ?? label}</span>
    </button>
  );
}
