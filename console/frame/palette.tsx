/** The command palette: every page, and a jump to a position, an event, a stream, a consumer or a view. */

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { Dialog } from "../parts/dialog.tsx";
import { to } from "../store/paths.ts";
import { useResource } from "../store/resource.ts";
import { get } from "../store/store.ts";
import { PAGES } from "./pages.ts";
import { type AppReport, UUID } from "../store/event.ts";

export const isPaletteOpen = signal(false);

interface Target {
  readonly label: string;
  readonly hint: string;
  readonly path: string;
}

/** Names that are shown at once. */
const SHOWN = 12;

export function Palette() {
  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      isPaletteOpen.value = !isPaletteOpen.value;
    };
    addEventListener("keydown", open);
    return () => removeEventListener("keydown", open);
  }, []);
  return (
    <Dialog title="Find or go to" isOpen={isPaletteOpen.value} onClose={() => (isPaletteOpen.value = false)} class="palette">
      <Search />
    </Dialog>
  );
}

function Search() {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [, navigate] = useLocation();
  const list = useRef<HTMLUListElement>(null);
  const names = useResource("names", namesOf);
  const streams = useResource(text.includes("/") ? `streams ${text}` : undefined, (signal) => streamsLike(text, signal));
  const targets = [...jumpsOf(text), ...(streams.value ?? []), ...matching([...pages(), ...(names.value ?? [])], text)].slice(0, SHOWN);
  const chosen = Math.min(at, targets.length - 1);
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const go = (target: Target | undefined) => {
    if (!target) return;
    isPaletteOpen.value = false;
    navigate(target.path);
  };
  return (
    <>
      <input
        type="text"
        autofocus
        role="combobox"
        aria-label="A page, a name, a position, category/id, or an event's id"
        aria-expanded="true"
        aria-controls="targets"
        aria-activedescendant={targets.length === 0 ? undefined : `target-${chosen}`}
        placeholder="A page, a name, a position, category/id, or an event's id"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, targets.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
          else if (event.key === "Enter") go(targets[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <ul id="targets" role="listbox" aria-label="Found" ref={list}>
        {targets.map((target, index) => (
          <li key={target.path} id={`target-${index}`} role="option" aria-selected={index === chosen} onClick={() => go(target)}>
            <bdi>{target.label}</bdi> <span class="dim">{target.hint}</span>
          </li>
        ))}
      </ul>
      {targets.length === 0 ? <p class="dim">Nothing of this name.</p> : null}
    </>
  );
}

function pages(): (Target & { readonly words?: string })[] {
  return PAGES.map(({ title, path, words }) => ({ label: title, hint: "page", path, words }));
}

function matching(targets: readonly (Target & { readonly words?: string })[], text: string): Target[] {
  const sought = text.trim().toLowerCase();
  return targets.filter(({ label, words = "" }) => `${label} ${words}`.toLowerCase().includes(sought));
}

/** What the text itself names. */
function jumpsOf(text: string): Target[] {
  const trimmed = text.trim();
  if (/^\d{1,15}$/.test(trimmed)) {
    return [
      { label: `Position ${trimmed}`, hint: "in the log", path: to.log({ at: trimmed }) },
      { label: `What led to position ${trimmed}`, hint: "story", path: to.storyOfEvent(Number(trimmed)) },
    ];
  }
  if (UUID.test(trimmed)) {
    return [
      { label: trimmed, hint: "as a correlation", path: to.story(trimmed) },
      { label: trimmed, hint: "as an event's id", path: `/story?event=${trimmed}` },
    ];
  }
  return /^[a-z][\w.-]*\/./i.test(trimmed) ? [{ label: trimmed, hint: "stream", path: to.stream(trimmed) }] : [];
}

async function streamsLike(text: string, signal: AbortSignal): Promise<Target[]> {
  const trimmed = text.trim();
  const category = trimmed.slice(0, trimmed.indexOf("/"));
  const { streams } = await get<{ streams: { stream: string }[] }>(
    `/log/streams?category=${encodeURIComponent(category)}&after=${encodeURIComponent(trimmed)}&limit=6`,
    signal,
  );
  return streams.flatMap(({ stream }) => (stream.startsWith(trimmed) ? { label: stream, hint: "stream", path: to.stream(stream) } : []));
}

async function namesOf(signal: AbortSignal): Promise<Target[]> {
  const { categories, views, processors, sources } = await get<AppReport>("/app", signal);
  return [
    ...categories.map(({ name }) => ({ label: name, hint: "category", path: to.category(name) })),
    ...views.map(({ name }) => ({ label: name, hint: "view", path: to.view(name) })),
    ...processors.map(({ name }) => ({ label: name, hint: "processor", path: to.consumer(name) })),
    ...sources.map(({ name }) => ({ label: name, hint: "source", path: to.source(name) })),
  ];
}
