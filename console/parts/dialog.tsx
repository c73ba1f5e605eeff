/** A modal dialog: the browser's own, which keeps the focus inside and closes with Escape. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  class?: string;
  children: ComponentChildren;
}

export function Dialog({ title, isOpen, onClose, class: kind = "", children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen && !element.current?.open) element.current?.showModal();
    if (!isOpen) element.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={element}
      class={kind}
      aria-label={title}
      onClose={() => isOpen && onClose()}
      onClick={(event) => event.target === element.current && onClose()}
    >
      {isOpen ? (
        <div class="inside">
          <div class="head">
            <h2>{title}</h2>
            <button type="button" class="plain" onClick={onClose}>
              Close
            </button>
          </div>
          {children}
        </div>
      ) : null}
    </dialog>
  );
}
