/** A call to try in a shell. */

import { type Call, curlOf } from "../store/curl.ts";
import { Copy } from "./copy.tsx";

export function Curl({ call }: { call: Call }) {
  const text = curlOf(call);
  return (
    <div class="curl">
      <pre tabIndex={0} role="region" aria-label="A call as curl">
        {text}
      </pre>
      <Copy text={text} label="Copy as curl" />
    </div>
  );
}
