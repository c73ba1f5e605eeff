/** What a page reads, in all its states: loading, failed, there, and there but stale because the last attempt failed. */

import type { ComponentChildren } from "preact";
import type { HeadspringError } from "headspring/client";
import type { Resource } from "../store/resource.ts";
import { isTokenAskedFor } from "../frame/token-dialog.tsx";
import { issuesOf } from "./issues.tsx";

interface RemoteProps<Value> {
  of: Resource<Value>;
  /** Lines that the value will take, about: the page does not jump when it comes. */
  lines?: number;
  children: (value: Value) => ComponentChildren;
}

export function Remote<Value>({ of: { value, error, reload }, lines = 4, children }: RemoteProps<Value>) {
  return (
    <>
      {error === undefined ? null : <Failure error={error} retry={reload} isStale={value !== undefined} />}
      {value === undefined ? error === undefined ? <Loading lines={lines} /> : null : children(value)}
    </>
  );
}

export function Loading({ lines = 4 }: { lines?: number }) {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_none, index) => (
        <div key={index} class="line" />
      ))}
    </div>
  );
}

/** A problem: what the store says, and what to do about it. */
export function Failure({ error, retry, isStale = false }: { error: HeadspringError; retry?: () => void; isStale?: boolean }) {
  const issues = issuesOf(error);
  return (
    <div class="failure" role="alert">
      <p>
        <strong>{titleOf(error)}</strong> {issues.length === 0 ? error.message : null}
      </p>
      {issues.length === 0 ? null : (
        <ul>
          {issues.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              {path ? <code>{path}</code> : null} {message}
            </li>
          ))}
        </ul>
      )}
      {isStale ? <p>What you see is from before.</p> : null}
      <div class="row">
        {retry ? (
          <button type="button" onClick={retry}>
            Try again
          </button>
        ) : null}
        {error.status === 401 || error.status === 403 ? (
          <button type="button" onClick={() => (isTokenAskedFor.value = true)}>
            Use another token
          </button>
        ) : null}
        {typeof error.problem?.type === "string" && error.problem.type.startsWith("/problems/") ? (
          <a href={error.problem.type} target="_blank" rel="noreferrer">
            What this means
          </a>
        ) : null}
      </div>
    </div>
  );
}

function titleOf({ status, code, problem }: HeadspringError): string {
  if (status === 0) return "The store does not answer.";
  return typeof problem?.title === "string" ? `${problem.title}.` : `${code}.`;
}
