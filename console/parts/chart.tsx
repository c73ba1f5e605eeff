/**
 * A line over time: axes, the value under the pointer or at the arrow keys, and the same as a table. Its own SVG: a library for this is as large
 * as the rest of the page.
 */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Point } from "../store/series.ts";
import { Time } from "./show.tsx";
import { Table } from "./table.tsx";
import "./chart.css";

/** Pixels. */
const HEIGHT = 150;
const LEFT = 56;
const BOTTOM = 20;
const TOP = 8;
/** Values in the table. */
const LISTED = 30;

interface ChartProps {
  label: string;
  points: readonly Point[];
  /** A value with its unit. */
  show: (value: number) => string;
}

export function Chart({ label, points, show }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  const [chosen, choose] = useState<number>();
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const first = points[0]?.[0] ?? 0;
  const last = points.at(-1)?.[0] ?? 0;
  const top = roundUp(Math.max(0, ...points.map(([, value]) => value)));
  const x = (at: number) => LEFT + ((width - LEFT - 4) * (at - first)) / Math.max(1, last - first);
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const index = chosen === undefined ? points.length - 1 : nearest(points, chosen);
  const [at, value] = points[index] ?? [0, 0];
  const time = new Date(at).toLocaleTimeString("en-GB");
  const move = (to: number) => choose(points[Math.max(0, Math.min(points.length - 1, to))]?.[0]);
  return (
    <figure class="chart">
      <figcaption>
        <strong>{label}</strong> {points.length === 0 ? null : `${show(value)} at ${time}`}
      </figcaption>
      <div
        ref={box}
        role="slider"
        tabIndex={0}
        aria-label={`${label}, over time`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, points.length - 1)}
        aria-valuenow={Math.max(0, index)}
        aria-valuetext={points.length === 0 ? "nothing yet" : `${show(value)} at ${time}`}
        onFocus={() => move(index)}
        onBlur={() => choose(undefined)}
        onKeyDown={(event) => {
          const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: points.length }[event.key];
          if (to === undefined) return;
          move(to);
          event.preventDefault();
        }}
        onPointerMove={(event) => {
          const share = (event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / (width - LEFT - 4);
          choose(first + share * (last - first));
        }}
        onPointerLeave={() => choose(undefined)}
      >
        <svg width={width} height={HEIGHT} aria-hidden="true">
          {[0, top / 2, top].map((tick) => (
            <g key={tick}>
              <line class="grid" x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
              <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                {short(tick)}
              </text>
            </g>
          ))}
          {points.length < 2 ? (
            <text x={LEFT + 8} y={HEIGHT / 2 + 20}>
              It is plotted while this page is open.
            </text>
          ) : (
            <>
              <text x={LEFT} y={HEIGHT - 4}>
                {new Date(first).toLocaleTimeString("en-GB")}
              </text>
              <text x={width} y={HEIGHT - 4} text-anchor="end">
                {new Date(last).toLocaleTimeString("en-GB")}
              </text>
              <polyline class="line" points={points.map((point) => `${x(point[0]).toFixed(1)},${y(point[1]).toFixed(1)}`).join(" ")} />
              <circle cx={x(at)} cy={y(value)} r="3.5" />
            </>
          )}
        </svg>
      </div>
      <details>
        <summary>{label} as a table</summary>
        <Table
          label={label}
          rows={points.slice(-LISTED).toReversed()}
          keyOf={([its]) => String(its)}
          columns={[
            { title: "Time", cell: ([its]) => <Time at={new Date(its).toISOString()} /> },
            { title: label, isNumber: true, cell: (point) => show(point[1]) },
          ]}
        />
      </details>
    </figure>
  );
}

function nearest(points: readonly Point[], at: number): number {
  let best = 0;
  points.forEach(([time], index) => {
    if (Math.abs(time - at) < Math.abs(points[best]![0] - at)) best = index;
  });
  return best;
}

/** The next 1, 2 or 5 with zeros: 0 becomes 1, so that a line at zero is at the bottom. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return size * ([1, 2, 5].find((step) => step * size >= value) ?? 10);
}

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

function short(value: number): string {
  return COMPACT.format(value);
}
