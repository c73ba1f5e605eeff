/** The app as a picture: streams, what processes them, what comes out. The lists below it say the same. */

import { useMemo } from "preact/hooks";
import { Link } from "wouter-preact";
import { to } from "../../store/paths.ts";
import { type Graph, type Node, neighboursOf, rowsOf } from "./graph.ts";
import "./picture.css";

/** Pixels. */
const WIDTH = 190;
const HEIGHT = 44;
const GAP = { x: 130, y: 14 };
const TITLES = ["Streams", "Processors and sources", "Views and webhooks"];

const xOf = (column: number) => column * (WIDTH + GAP.x);
const yOf = (row: number) => 30 + row * (HEIGHT + GAP.y);

export function Picture({ graph, about, onChoose }: { graph: Graph; about?: string; onChoose: (key: string) => void }) {
  const rows = useMemo(() => rowsOf(graph), [graph]);
  const height = yOf(Math.max(...rows.values()) + 1);
  const near = new Set(graph.edges.flatMap(({ from, to: its }) => (from === about ? [its] : its === about ? [from] : [])));
  const isFaint = (key: string) => about !== undefined && key !== about && !near.has(key);
  const chosen = graph.nodes.find(({ key }) => key === about);
  return (
    <>
      <div class="scroll picture" tabIndex={0} role="region" aria-label="What follows what">
        <svg width={xOf(2) + WIDTH + 2} height={height} role="group" aria-label="Picture of the app">
          {TITLES.map((title, column) => (
            <text key={title} x={xOf(column)} y={14} class="title">
              {title}
            </text>
          ))}
          <g fill="none" aria-hidden="true">
            {graph.edges.map(({ from, to: its }) => (
              <path
                key={`${from} ${its}`}
                d={lineOf(nodeOf(graph, from), nodeOf(graph, its), rows)}
                class={`${nodeOf(graph, from).column > nodeOf(graph, its).column ? "back" : ""} ${about === from || about === its ? "near" : about === undefined ? "" : "faint"}`}
              />
            ))}
          </g>
          {graph.nodes.map(({ key, name, is, column }) => (
            <foreignObject key={key} x={xOf(column)} y={yOf(rows.get(key)!)} width={WIDTH} height={HEIGHT}>
              <button
                type="button"
                class={isFaint(key) ? "part faint" : "part"}
                aria-pressed={key === about}
                title={name}
                onClick={() => onChoose(key)}
              >
                <bdi>{name}</bdi> <span class="dim">{is}</span>
              </button>
            </foreignObject>
          ))}
        </svg>
      </div>
      <p class="dim" aria-live="polite">
        {chosen ? (
          <About graph={graph} node={chosen} />
        ) : (
          "Solid lines: follows. Dashed lines: appends to. Choose one to see its lines alone."
        )}
      </p>
    </>
  );
}

function About({ graph, node: { key, name, is, column } }: { graph: Graph; node: Node }) {
  const [from, into] = [neighboursOf(graph, key, "to"), neighboursOf(graph, key, "from")];
  const path =
    column === 0
      ? to.category(name)
      : is === "view"
        ? to.view(name)
        : is === "webhook"
          ? to.webhook(key.slice("webhook ".length))
          : key.startsWith("source ")
            ? to.source(name)
            : to.consumer(name);
  return (
    <>
      <Link href={path}>{name}</Link>, {is}
      {from.length === 0 ? "" : column === 0 ? `: appended to by ${from.join(", ")}` : `: follows ${from.join(", ")}`}
      {into.length === 0 ? "" : column === 0 ? `; followed by ${into.join(", ")}` : `; appends to ${into.join(", ")}`}.
    </>
  );
}

function nodeOf({ nodes }: Graph, key: string): Node {
  return nodes.find((node) => node.key === key)!;
}

/** From the side of one that faces the other. What is appended arrives a little lower than what is followed leaves. */
function lineOf(from: Node, its: Node, rows: ReadonlyMap<string, number>): string {
  const isBack = from.column > its.column;
  const offset = HEIGHT / 2 + (isBack ? 7 : -4);
  const [x1, x2] = [xOf(from.column) + (isBack ? 0 : WIDTH), xOf(its.column) + (isBack ? WIDTH : 0)];
  const [y1, y2] = [yOf(rows.get(from.key)!) + offset, yOf(rows.get(its.key)!) + offset];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}
