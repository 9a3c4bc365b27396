// What has grown between two heap snapshots of one process: by constructor, with retained bytes and the way to the root. Pure.

import { isStrong, retention, ROOT } from './dominators.ts';
import type { Retention } from './dominators.ts';
import type { HeapGraph } from './snapshot.ts';

export interface Growth {
  readonly constructor: string;
  /** Instances and bytes, later minus earlier. */
  readonly count: number;
  readonly shallow: number;
  /** Bytes kept alive by instances, each byte counted once per constructor. */
  readonly retained: number;
  /** Instances in the later snapshot. */
  readonly total: number;
  /** From a root to the largest instance that is new, e.g. `(GC roots) → Agent.requests → Array[0] → ClientRequest`. */
  readonly path: readonly string[];
}

interface Tally { count: number; shallow: number; retained: number; largest: number; largestBytes: number }

const PATH_LIMIT = 24;

/** The constructors that retain more than before, most first. */
export function diffHeaps(earlier: HeapGraph, later: HeapGraph, limit: number): readonly Growth[] {
  const before = tally(earlier, retention(earlier), new Set());
  const known = new Set<number>(earlier.id);
  const keeping = retention(later);
  const after = tally(later, keeping, known);
  const grown = [...after].map(([name, now]) => {
    const old = before.get(name);
    return { name, now, count: now.count - (old?.count ?? 0), shallow: now.shallow - (old?.shallow ?? 0), retained: now.retained - (old?.retained ?? 0) };
  }).filter((one) => one.count > 0 && one.retained > 0).sort((a, b) => b.retained - a.retained || (a.name < b.name ? -1 : 1)).slice(0, limit);
  const ways = shortestWays(later);
  return grown.map(({ name, now, count, shallow, retained }) => ({ constructor: name, count, shallow, retained, total: now.count, path: pathTo(later, ways, now.largest) }));
}

/** As a table for people. */
export function formatGrowth(grown: readonly Growth[]): string {
  if (grown.length === 0) return 'nothing has grown\n';
  const rows = grown.map((one) => [one.constructor.slice(0, 40), `+${one.count}`, String(one.total), size(one.shallow), size(one.retained)]);
  const head = ['constructor', 'count', 'now', 'shallow', 'retained'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  const telling = grown.find((one) => !isGeneric(one.constructor)) ?? grown[0];
  const path = telling === undefined ? '' : `\nlargest new ${telling.constructor} is kept by\n  ${telling.path.join('\n  → ')}\n`;
  return `${[line(head), ...rows.map(line)].join('\n')}\n${path}`;
}

/** Names under which everything hides: they tell that something grew, not what. */
function isGeneric(constructor: string): boolean {
  return constructor === 'Object' || constructor === 'Array' || constructor === 'Function' || constructor.startsWith('(') || constructor.startsWith('system / ');
}

/** `known`: object ids that do not count as the largest new instance. */
function tally(graph: HeapGraph, { dominator, retained, postorder }: Retention, known: ReadonlySet<number>): Map<string, Tally> {
  const totals = new Map<string, Tally>();
  const children = dominated(graph.count, dominator, postorder);
  // Down the dominator tree; inside an instance others of its class are part of it, not on top of it.
  const open = new Map<string, number>();
  const stack: { node: number; leaving: boolean }[] = [{ node: ROOT, leaving: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, leaving } = top;
    const name = className(graph, node);
    if (leaving) {
      open.set(name, (open.get(name) ?? 1) - 1);
      continue;
    }
    const total = totals.get(name) ?? { count: 0, shallow: 0, retained: 0, largest: node, largestBytes: -1 };
    totals.set(name, total);
    const bytes = retained[node] ?? 0;
    total.count += 1;
    total.shallow += graph.size[node] ?? 0;
    if ((open.get(name) ?? 0) === 0) total.retained += bytes;
    if (bytes > total.largestBytes && !known.has(graph.id[node] ?? 0)) Object.assign(total, { largest: node, largestBytes: bytes });
    open.set(name, (open.get(name) ?? 0) + 1);
    stack.push({ node, leaving: true });
    for (let child = children.first[node] ?? 0; child !== 0; child = children.next[child] ?? 0) stack.push({ node: child, leaving: false });
  }
  return totals;
}

/** The dominator tree as linked lists; 0 ends a list, for the root is nobody's child. */
function dominated(count: number, dominator: Uint32Array, postorder: Uint32Array): { first: Uint32Array; next: Uint32Array } {
  const first = new Uint32Array(count);
  const next = new Uint32Array(count);
  for (const node of postorder) {
    if (node === ROOT) continue;
    const above = dominator[node] ?? ROOT;
    next[node] = first[above] ?? 0;
    first[above] = node;
  }
  return { first, next };
}

function className(graph: HeapGraph, node: number): string {
  const type = graph.types[graph.type[node] ?? 0] ?? '';
  const name = graph.strings[graph.name[node] ?? 0] ?? '';
  return type === 'object' || type === 'native' ? name : `(${type})`;
}

interface Ways { readonly from: Int32Array; readonly by: Int32Array }

/** The fewest strong edges from the root to every node. */
function shortestWays(graph: HeapGraph): Ways {
  const from = new Int32Array(graph.count).fill(-1);
  const by = new Int32Array(graph.count).fill(-1);
  const queue = new Uint32Array(graph.count);
  let [head, tail] = [0, 1];
  from[ROOT] = ROOT;
  while (head < tail) {
    const node = queue[head] ?? 0;
    head += 1;
    const end = graph.firstEdge[node + 1] ?? 0;
    for (let edge = graph.firstEdge[node] ?? 0; edge < end; edge++) {
      const to = graph.edgeTo[edge] ?? 0;
      if (from[to] !== -1 || !isStrong(graph, edge)) continue;
      from[to] = node;
      by[to] = edge;
      queue[tail] = to;
      tail += 1;
    }
  }
  return { from, by };
}

function pathTo(graph: HeapGraph, ways: Ways, target: number): readonly string[] {
  const steps: string[] = [];
  for (let node = target; node !== ROOT && steps.length < PATH_LIMIT; node = ways.from[node] ?? ROOT) {
    const edge = ways.by[node] ?? -1;
    if (edge < 0) break;
    const kind = graph.edgeTypes[graph.edgeType[edge] ?? 0] ?? '';
    const name = graph.edgeName[edge] ?? 0;
    const step = kind === 'element' || kind === 'hidden' ? `[${name}]` : `.${graph.strings[name] ?? ''}`;
    steps.push(`${step} ${(graph.strings[graph.name[node] ?? 0] ?? '').slice(0, 60)}`.trim());
  }
  return steps.reverse();
}

function size(bytes: number): string {
  const sign = bytes < 0 ? '-' : '+';
  const amount = Math.abs(bytes);
  return amount < 10_240 ? `${sign}${amount} B` : amount < 10_485_760 ? `${sign}${Math.round(amount / 1024)} KiB` : `${sign}${Math.round(amount / 2 ** 20)} MiB`;
}
