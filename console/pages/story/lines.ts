/** The lines of a tree that are shown: without what is folded, and of many effects of one cause the first. */

import type { StoryNode } from "./tree.ts";

/** Effects of one cause that are shown before somebody asks for more. */
export const EFFECTS = 25;

export interface Line {
  readonly key: string;
  /** Absent: the line that shows more effects of its parent. */
  readonly node?: StoryNode;
  readonly parent?: StoryNode;
  /** Its time counts from here: that of an attempt from the event that it sends. */
  readonly cause?: StoryNode;
  readonly level: number;
  /** For each level above, whether its line goes on below. */
  readonly guides: readonly boolean[];
  readonly hidden: number;
  readonly isOpen: boolean;
}

export function linesOf(roots: readonly StoryNode[], folded: ReadonlySet<string>, whole: ReadonlySet<string>, chosen?: string): Line[] {
  const lines: Line[] = [];
  const path = new Set(pathTo(roots, chosen));
  const add = (nodes: readonly StoryNode[], parent?: StoryNode, cause?: StoryNode, guides: readonly boolean[] = []) => {
    // What is chosen is shown, wherever it is.
    const isAll =
      parent === undefined || nodes.length <= EFFECTS || whole.has(parent.key) || nodes.slice(EFFECTS).some(({ key }) => path.has(key));
    const shown = isAll ? nodes : nodes.slice(0, EFFECTS);
    for (const [index, node] of shown.entries()) {
      const isOpen = node.children.length > 0 && !folded.has(node.key);
      lines.push({ key: node.key, node, parent, cause, level: guides.length, guides, isOpen, hidden: isOpen ? 0 : below(node) });
      if (isOpen) add(node.children, node, node.kind === "delivery" ? cause : node, [...guides, !isAll || index < nodes.length - 1]);
    }
    if (!isAll) {
      const hidden = nodes.length - shown.length;
      lines.push({ key: `more ${parent.key}`, parent, level: guides.length, guides, isOpen: false, hidden });
    }
  };
  add(roots);
  return lines;
}

/** The keys from a root to a node. */
function pathTo(nodes: readonly StoryNode[], key: string | undefined): readonly string[] {
  for (const node of nodes) {
    const rest = node.key === key ? [] : pathTo(node.children, key);
    if (node.key === key || rest.length > 0) return [node.key, ...rest];
  }
  return [];
}

function below(node: StoryNode): number {
  return node.children.reduce((sum, child) => sum + 1 + below(child), 0);
}
