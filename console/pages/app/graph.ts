/** What follows which streams, and what appends to them. Pure. */

import type { AppReport } from "../../store/event.ts";

export interface Webhook {
  readonly id: string;
  readonly url?: string;
  readonly description?: string;
  readonly categories?: readonly string[];
  readonly types?: readonly string[];
}

export interface Node {
  /** `category order`: names are unique within a kind only. */
  readonly key: string;
  readonly name: string;
  /** What it is, in a word. */
  readonly is: string;
  readonly column: 0 | 1 | 2;
}

export interface Graph {
  readonly nodes: readonly Node[];
  /** Events go from one to the other. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

export function graphOf({ categories, views, processors, sources }: AppReport, webhooks: readonly Webhook[]): Graph {
  const followers = [
    ...processors.map((one) => ({ ...one, is: one.kind, column: 1 as const, key: `processor ${one.name}` })),
    ...sources.map(({ name, kind, to }) => ({
      name,
      is: kind,
      follows: [],
      emits: [{ category: to, aggregate: undefined }],
      column: 1 as const,
      key: `source ${name}`,
    })),
    ...views.map((one) => ({ ...one, is: "view", emits: null, column: 2 as const, key: `view ${one.name}` })),
    ...webhooks.map((one) => ({
      name: one.description ?? one.url ?? one.id,
      is: "webhook",
      emits: null,
      column: 2 as const,
      key: `webhook ${one.id}`,
      follows: categories.flatMap(({ name, events }) => (isSentTo(one, name, events) ? [{ category: name }] : [])),
    })),
  ];
  const edges = followers.flatMap(({ key, follows, emits }) => [
    ...follows.map(({ category }) => ({ from: `category ${category}`, to: key })),
    ...(emits ?? []).map((one) => ({
      from: key,
      to: `category ${one.aggregate ?? one.category}`,
    })),
  ]);
  const nodes = [...categories.map(({ name, kind }) => ({ key: `category ${name}`, name, is: kind, column: 0 as const })), ...followers];
  return {
    nodes: nodes.map(({ key, name, is, column }) => ({ key, name, is, column })),
    edges: edges.filter((edge) => nodes.some(({ key }) => key === edge.from) && nodes.some(({ key }) => key === edge.to)),
  };
}

/** A category without declared types may have events of any. */
function isSentTo({ categories, types }: Webhook, name: string, events: readonly { readonly type: string }[]): boolean {
  return (
    (categories?.includes(name) ?? true) && (types === undefined || events.length === 0 || events.some(({ type }) => types.includes(type)))
  );
}

/** Names of those that events go to, or come from. */
export function neighboursOf({ nodes, edges }: Graph, key: string, side: "from" | "to"): string[] {
  const other = side === "from" ? "to" : "from";
  const keys = new Set(edges.flatMap((edge) => (edge[side] === key ? [edge[other]] : [])));
  return nodes.flatMap((node) => (keys.has(node.key) ? [node.name] : []));
}

/** Rounds of putting each node next to what it is connected with. Ours: more changes little. */
const ROUNDS = 4;

/** The place of each node in its column: next to its neighbours, so that few lines cross. */
export function rowsOf({ nodes, edges }: Graph): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  const columns = [0, 1, 2].map((column) => nodes.filter((node) => node.column === column));
  for (const column of columns) for (const [index, { key }] of column.entries()) rows.set(key, index);
  const near = new Map<string, string[]>(nodes.map(({ key }) => [key, []]));
  for (const { from, to } of edges) {
    near.get(from)!.push(to);
    near.get(to)!.push(from);
  }
  const wanted = (key: string) => {
    const all = near.get(key)!;
    return all.length === 0 ? rows.get(key)! : all.reduce((sum, one) => sum + rows.get(one)!, 0) / all.length;
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const column of columns) {
      const sorted = column.toSorted((a, b) => wanted(a.key) - wanted(b.key));
      for (const [index, { key }] of sorted.entries()) rows.set(key, index);
    }
  }
  return rows;
}
