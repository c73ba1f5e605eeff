/** The tree as rows that can be folded: lines from cause to effect at the left, the time that each took at the right. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { LongList } from "../../parts/long-list.tsx";
import { counted, duration } from "../../parts/show.tsx";
import { EFFECTS, type Line, linesOf } from "./lines.ts";
import type { Scale } from "./scale.ts";
import type { StoryNode } from "./tree.ts";

/** Pixels; the style has the same. */
const ROW = 34;
/** Levels after which deeper ones move no further to the right. */
const LEVELS = 14;
interface RowsProps {
  roots: readonly StoryNode[];
  scale: Scale;
  chosen?: string;
  choose: (key: string) => void;
}

export function Rows({ roots, scale, chosen, choose }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  /** Folded nodes, and those of which all effects are shown. */
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [whole, setWhole] = useState<ReadonlySet<string>>(new Set());
  const lines = useMemo(() => linesOf(roots, folded, whole, chosen), [roots, folded, whole, chosen]);
  const at = lines.findIndex(({ key }) => key === chosen);

  const shown = useRef({ chosen: "", at: -1 });
  // After the list has grown, which it is drawn with.
  useEffect(() => {
    const element = box.current!;
    const before = shown.current;
    shown.current = { chosen: chosen ?? "", at };
    if (at < 0) return;
    const isIn = (line: number) => line * ROW >= element.scrollTop && (line + 1) * ROW <= element.scrollTop + element.clientHeight;
    // What comes in above it moves it: the view moves along.
    if (before.chosen === chosen && before.at >= 0) element.scrollTop += isIn(before.at) ? (at - before.at) * ROW : 0;
    else if (!isIn(at)) element.scrollTop = at * ROW - element.clientHeight / 3;
  }, [chosen, at]);

  const fold = ({ key, isOpen }: Line, isFolded = isOpen) =>
    setFolded((before) => (isFolded ? new Set([...before, key]) : new Set([...before].filter((one) => one !== key))));
  const act = (line: Line | undefined) => {
    if (line) choose(line.key);
    if (!line || line.node) return;
    setWhole((before) => new Set([...before, line.parent!.key]));
    choose(line.parent!.children[EFFECTS]!.key);
  };
  const step = (event: KeyboardEvent) => {
    const line = lines[at];
    const by = { ArrowDown: 1, ArrowUp: -1, Home: -lines.length, End: lines.length }[event.key];
    if (by !== undefined) choose(lines[Math.max(0, Math.min(at + by, lines.length - 1))]!.key);
    else if (event.key === "Enter") act(line);
    else if (event.key === "ArrowLeft" && line?.isOpen) fold(line, true);
    else if (event.key === "ArrowLeft" && line?.parent) choose(line.parent.key);
    else if (event.key === "ArrowRight" && line?.node?.children.length) fold(line, false);
    else return;
    event.preventDefault();
  };
  return (
    <div class="story">
      <Axis scale={scale} />
      <LongList
        label="What happened, effects below their cause. Arrow keys choose, left and right fold and unfold."
        tree={{ chosen: at < 0 ? undefined : `line-${at}` }}
        box={box}
        count={lines.length}
        rowHeight={ROW}
        onKeyDown={step}
        row={(index) => (
          <StoryLine
            key={lines[index]!.key}
            line={lines[index]!}
            id={`line-${index}`}
            of={lines.length}
            scale={scale}
            isChosen={index === at}
            act={act}
            fold={fold}
          />
        )}
      />
    </div>
  );
}

interface LineProps {
  line: Line;
  id: string;
  of: number;
  scale: Scale;
  isChosen: boolean;
  act: (line: Line) => void;
  fold: (line: Line) => void;
}

function StoryLine({ line, id, of, scale, isChosen, act, fold }: LineProps) {
  const { node, level, guides, isOpen, hidden } = line;
  const depth = Math.min(level, LEVELS);
  return (
    <div
      role="treeitem"
      id={id}
      class={`story-line of-${node?.kind ?? "more"}${node?.isBad ? " bad" : ""}`}
      aria-level={level + 1}
      aria-posinset={Number(id.slice(5)) + 1}
      aria-setsize={of}
      aria-selected={isChosen}
      aria-expanded={node && node.children.length > 0 ? isOpen : undefined}
      onClick={() => act(line)}
    >
      <span class="what">
        {guides.slice(-LEVELS).map((goesOn, index) => (
          <span key={index} class={index === depth - 1 ? "guide turn" : goesOn || index === depth - 1 ? "guide" : "guide none"} />
        ))}
        {node && node.children.length > 0 ? (
          <span
            class="fold"
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              fold(line);
            }}
          >
            {isOpen ? "▾" : "▸"}
          </span>
        ) : (
          <span class="fold" />
        )}
        {node ? (
          <span class="text" title={`${node.title} ${node.detail} ${node.maker ?? ""}`}>
            <bdi class="title">{node.title}</bdi> <bdi class="dim">{node.detail}</bdi>
            {node.maker ? (
              <small>
                {" "}
                by <bdi>{node.maker}</bdi>
              </small>
            ) : null}
            {hidden > 0 ? <small> and {counted(hidden, "effect")} folded</small> : null}
          </span>
        ) : (
          <span class="text more-link">Show {counted(hidden, "more effect")}</span>
        )}
      </span>
      {node ? <Taken node={node} cause={line.cause} scale={scale} /> : null}
    </div>
  );
}

/** How long after its cause it was, as a text and on the axis. */
function Taken({ node, cause, scale }: { node: StoryNode; cause?: StoryNode; scale: Scale }) {
  const { at, began } = node;
  if (Number.isNaN(at)) return <span class="after dim">not yet</span>;
  const start = began ?? cause?.at ?? at;
  const from = scale.placeOf(Math.min(start, at));
  const place = scale.placeOf(at);
  const after = cause === undefined || Number.isNaN(cause.at) ? undefined : at - cause.at;
  return (
    <>
      <span class="after" title={new Date(at).toISOString()}>
        {after === undefined ? "begins" : `+${duration(Math.max(0, after))}`}
      </span>
      <span class="track" aria-hidden="true">
        {scale.cuts.map((cut) => (
          <i key={cut.place} class="cut-mark" style={{ left: `${cut.place * 100}%` }} />
        ))}
        <i class="bar" style={{ left: `${from * 100}%`, width: `${Math.max(0, place - from) * 100}%` }} />
        <i class="dot" style={{ left: `${place * 100}%` }} />
      </span>
    </>
  );
}

/** The axis: its length, and where idle time is left out. */
function Axis({ scale }: { scale: Scale }) {
  return (
    <div class="story-axis dim" aria-hidden="true">
      <span>After its cause</span>
      <span class="track">
        {scale.cuts.map((cut) => (
          <small key={cut.place} style={{ left: `${cut.place * 100}%` }}>
            {duration(cut.ms)}
          </small>
        ))}
        {scale.cuts.length === 0 ? <small style={{ left: "50%" }}>{duration(scale.ms)}</small> : null}
      </span>
    </div>
  );
}
