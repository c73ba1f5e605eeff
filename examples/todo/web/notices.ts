/** What the page has to say about earlier commands. */

let notices: readonly string[] = [];
const listeners = new Set<() => void>();

function set(next: readonly string[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

export const notify = (text: string) => set([...notices, text]);
export const dismiss = (index: number) => set(notices.toSpliced(index, 1));
export const currentNotices = () => notices;
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
