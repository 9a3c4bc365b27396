// Who keeps what alive: immediate dominators and retained sizes of a heap graph. Pure.
// Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm" (2001): iterate over reverse postorder until nothing changes.

import type { HeapGraph } from './snapshot.ts';

/** V8 puts the root first. */
export const ROOT = 0;
const NONE = 0xffffffff;

export interface Retention {
  /** The immediate dominator of each node; NONE-like 0xffffffff for what the root does not reach. */
  readonly dominator: Uint32Array;
  /** Bytes that would go with the node. */
  readonly retained: Float64Array;
  /** Nodes in postorder of a depth-first walk from the root. */
  readonly postorder: Uint32Array;
}

/** Weak edges keep nothing alive. */
export function isStrong(graph: HeapGraph, edge: number): boolean {
  return graph.edgeTypes[graph.edgeType[edge] ?? 0] !== 'weak';
}

export function retention(graph: HeapGraph): Retention {
  const { postorder, position } = walk(graph);
  const sources = incoming(graph, position);
  const dominator = new Uint32Array(graph.count).fill(NONE);
  dominator[ROOT] = ROOT;
  for (let changed = true; changed;) {
    changed = false;
    for (let index = postorder.length - 2; index >= 0; index--) {
      const node = postorder[index] ?? 0;
      const found = commonDominator(node, sources, dominator, position);
      if (dominator[node] === found) continue;
      dominator[node] = found;
      changed = true;
    }
  }
  return { dominator, retained: sum(graph, postorder, dominator), postorder };
}

function sum(graph: HeapGraph, postorder: Uint32Array, dominator: Uint32Array): Float64Array {
  const retained = Float64Array.from(graph.size);
  // In postorder every node comes before the one that dominates it.
  for (const node of postorder) {
    const above = dominator[node] ?? NONE;
    if (node !== ROOT && above !== NONE) retained[above] = (retained[above] ?? 0) + (retained[node] ?? 0);
  }
  return retained;
}

interface Incoming { readonly first: Uint32Array; readonly from: Uint32Array }

function commonDominator(node: number, sources: Incoming, dominator: Uint32Array, position: Uint32Array): number {
  let found = NONE;
  const end = sources.first[node + 1] ?? 0;
  for (let at = sources.first[node] ?? 0; at < end; at++) {
    const source = sources.from[at] ?? 0;
    if (dominator[source] === NONE) continue;
    found = found === NONE ? source : meet(found, source, dominator, position);
  }
  return found;
}

function meet(a: number, b: number, dominator: Uint32Array, position: Uint32Array): number {
  let [left, right] = [a, b];
  while (left !== right) {
    while ((position[left] ?? 0) < (position[right] ?? 0)) left = dominator[left] ?? ROOT;
    while ((position[right] ?? 0) < (position[left] ?? 0)) right = dominator[right] ?? ROOT;
  }
  return left;
}

function walk(graph: HeapGraph): { postorder: Uint32Array; position: Uint32Array } {
  const position = new Uint32Array(graph.count).fill(NONE);
  const seen = new Uint8Array(graph.count);
  const next = Uint32Array.from(graph.firstEdge);
  const postorder = new Uint32Array(graph.count);
  const stack = [ROOT];
  seen[ROOT] = 1;
  let done = 0;
  while (stack.length > 0) {
    const node = stack[stack.length - 1] ?? ROOT;
    const edge = next[node] ?? 0;
    if (edge < (graph.firstEdge[node + 1] ?? 0)) {
      next[node] = edge + 1;
      const to = graph.edgeTo[edge] ?? 0;
      if (seen[to] === 0 && isStrong(graph, edge)) {
        seen[to] = 1;
        stack.push(to);
      }
      continue;
    }
    stack.pop();
    position[node] = done;
    postorder[done] = node;
    done += 1;
  }
  return { postorder: postorder.subarray(0, done), position };
}

/** Strong edges by their target, of reachable sources only. */
function incoming(graph: HeapGraph, position: Uint32Array): Incoming {
  const first = new Uint32Array(graph.count + 1);
  const each = (visit: (source: number, to: number) => void): void => {
    for (let node = 0; node < graph.count; node++) {
      if (position[node] === NONE) continue;
      const end = graph.firstEdge[node + 1] ?? 0;
      for (let edge = graph.firstEdge[node] ?? 0; edge < end; edge++) if (isStrong(graph, edge)) visit(node, graph.edgeTo[edge] ?? 0);
    }
  };
  each((_, to) => { first[to + 1] = (first[to + 1] ?? 0) + 1; });
  for (let node = 0; node < graph.count; node++) first[node + 1] = (first[node + 1] ?? 0) + (first[node] ?? 0);
  const fill = Uint32Array.from(first);
  const from = new Uint32Array(first[graph.count] ?? 0);
  each((source, to) => {
    const at = fill[to] ?? 0;
    from[at] = source;
    fill[to] = at + 1;
  });
  return { first, from };
}
