/** A Cloudflare Queue as wrangler runs it. It forgets its messages when the runtime dies: its producer sends again what has not arrived. */

import type { Outside, Written } from "./outside.ts";

export function queueOutside(): Outside {
  let store = "";
  const send = async (changes: readonly Written[]) => {
    const body = JSON.stringify(changes.map(({ key, n }) => ({ key, n, id: `${key}-${n}` })));
    const response = await fetch(`${store}/in`, { method: "POST", body });
    if (response.status !== 204) throw new Error(`the queue answered ${response.status}`);
  };
  return { kind: "queue", variables: {}, isOrdered: false, begin: (url) => (store = url), write: send, again: send, stop: async () => {} };
}
