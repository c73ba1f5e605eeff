/** A secret, which is shown once. */

import type { ComponentChildren } from "preact";
import { Copy } from "../../parts/copy.tsx";
import { Dialog } from "../../parts/dialog.tsx";

export function Secret({ secret, close, children }: { secret: string | undefined; close: () => void; children?: ComponentChildren }) {
  return (
    <Dialog title="The secret" isOpen={secret !== undefined} onClose={close}>
      <p>The endpoint checks signatures with it. It is shown only now: keep it where the endpoint finds it.</p>
      <pre tabIndex={0} role="region" aria-label="Secret">
        {secret}
      </pre>
      {children}
      <div class="row end">
        <Copy text={secret ?? ""} label="Copy the secret" />
        <button type="button" class="primary" onClick={close}>
          I have kept it
        </button>
      </div>
    </Dialog>
  );
}
