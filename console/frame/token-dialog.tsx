/** Asks for a token once. The browser's session keeps it; it is sent to this store only. */

import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Dialog } from "../parts/dialog.tsx";
import { caller } from "../store/rights.ts";
import { refusal, setToken, settle, token } from "../store/store.ts";

export const isTokenAskedFor = signal(false);

export function TokenDialog() {
  const input = useRef<HTMLInputElement>(null);
  const isOpen = isTokenAskedFor.value || refusal.value !== undefined;
  const close = () => {
    isTokenAskedFor.value = false;
    settle();
  };
  const rights = caller.value?.rights.join(", ");
  return (
    <Dialog title="Token" isOpen={isOpen} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setToken(input.current!.value.trim());
          isTokenAskedFor.value = false;
        }}
      >
        {refusal.value === undefined ? null : <p role="alert">The store says: {refusal.value}.</p>}
        {caller.value?.by ? (
          <p>
            You are <strong>{caller.value.by}</strong>, with the rights {rights}.
          </p>
        ) : null}
        <label class="field">
          Token
          <input ref={input} type="password" autofocus autocomplete="off" spellcheck={false} required />
        </label>
        <p class="dim">It stays in this tab until you close it. Operating the store needs a token with the rights read, write and admin.</p>
        <div class="row end">
          {token.value === "" ? null : (
            <button type="button" onClick={() => (setToken(""), close())}>
              Forget the token
            </button>
          )}
          <button type="submit" class="primary">
            Use this token
          </button>
        </div>
      </form>
    </Dialog>
  );
}
