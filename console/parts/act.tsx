/**
 * A button that changes something. It is off, and says why, where the token lacks the right; shows before what would happen; sends the call; says
 * after what it did; and can be copied as curl.
 */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { HeadspringError } from "headspring/client";
import { notify } from "../frame/notices.tsx";
import { type Call, curlOf } from "../store/curl.ts";
import { useResource } from "../store/resource.ts";
import { type Right, whyNot } from "../store/rights.ts";
import { call as ask } from "../store/store.ts";
import { Curl } from "./curl.tsx";
import { Dialog } from "./dialog.tsx";
import { Failure, Remote } from "./remote.tsx";
import { useSending } from "./sending.ts";

interface ActProps {
  /** What it does: “Skip this event”. */
  label: string;
  right: Right;
  call: Call;
  /** What would happen, counted: shown before anything is sent. Without it the call is sent at once. */
  before?: (signal: AbortSignal) => Promise<ComponentChildren>;
  /** What it did, from the answer's body. */
  // oxlint-disable-next-line typescript/no-explicit-any -- each call's answer has its own shape
  done: (body: any) => ComponentChildren;
  /** Called after it, so that the page shows the outcome. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  then?: (body: any) => void;
  /** Called when the call fails, for a page that shows what is wrong in its place; without it a notice says it. */
  failed?: (error: HeadspringError) => void;
  /** Why it is not possible now. */
  off?: string;
  isDangerous?: boolean;
  isPrimary?: boolean;
}

export function Act(props: ActProps) {
  const { label, right, before, off, isDangerous = false, isPrimary = false } = props;
  const [isAsked, setAsked] = useState(false);
  const [isBusy, send] = useSending();
  const reason = off ?? whyNot(right);
  const act = () => (before ? setAsked(true) : void send(() => carryOut(props)));
  return (
    <>
      <Button label={label} class={isDangerous ? "danger" : isPrimary ? "primary" : ""} off={reason} isBusy={isBusy} onClick={act} />
      {before === undefined ? null : (
        <Dialog title={label} isOpen={isAsked} onClose={() => setAsked(false)}>
          <Question {...props} before={before} close={() => setAsked(false)} />
        </Dialog>
      )}
    </>
  );
}

interface ButtonProps {
  label: string;
  class?: string;
  /** Why it is off; undefined: it is not. */
  off?: string;
  isBusy?: boolean;
  onClick: () => void;
}

/** A button that says why it is off. Not `disabled`: a button that cannot be reached cannot say why. */
export function Button({ label, class: kind = "", off, isBusy = false, onClick }: ButtonProps) {
  const press = () => (off === undefined ? !isBusy && onClick() : notify(off));
  // The second click of a double click is not meant, however fast the first one has been answered.
  const click = ({ detail }: MouseEvent) => detail < 2 && press();
  return (
    <button type="button" class={kind} aria-disabled={off !== undefined || isBusy} title={off} onClick={click}>
      {label}
    </button>
  );
}

function Question(props: ActProps & { before: NonNullable<ActProps["before"]>; close: () => void }) {
  const { label, call, before, close, isDangerous } = props;
  const [isBusy, send] = useSending();
  const [error, setError] = useState<HeadspringError>();
  const effect = useResource(`${label} ${call.path}`, before);
  const act = async () => {
    const failed = await carryOut(props);
    setError(failed);
    if (!failed) close();
  };
  return (
    <>
      <Remote of={effect} lines={2}>
        {(value) => <div class="effect">{value}</div>}
      </Remote>
      {error ? <Failure error={error} /> : null}
      <details>
        <summary>The call</summary>
        <Curl call={call} />
      </details>
      <div class="row end">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class={isDangerous ? "danger" : "primary"}
          disabled={isBusy || effect.value === undefined}
          onClick={() => void send(act)}
        >
          {label}
        </button>
      </div>
    </>
  );
}

async function carryOut({ call, done, then, failed, label }: ActProps): Promise<HeadspringError | undefined> {
  const { path, ...request } = call;
  try {
    const { body } = await ask(path, request);
    notify(done(body), { curl: curlOf(call) });
    then?.(body);
    return undefined;
  } catch (error) {
    if (!(error instanceof HeadspringError)) throw error;
    if (failed) failed(error);
    else notify(`${label}: ${error.message}`, { isFailure: true, curl: curlOf(call) });
    return error;
  }
}
