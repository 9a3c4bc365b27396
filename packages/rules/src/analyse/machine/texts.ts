// Which of many prefixes (or suffixes) a value has, as one automaton (Aho and Corasick 1975 for suffixes).

import type { Table } from './table.ts';

interface Node { readonly children: Map<number, number>; ends: boolean; label: string }

function plant(texts: readonly string[]): Node[] {
  const nodes: Node[] = [{ children: new Map(), ends: false, label: '' }];
  for (const text of texts) {
    let at = 0;
    for (let i = 0; i < text.length; i++) {
      const byte = text.charCodeAt(i);
      let next = nodes[at]?.children.get(byte);
      if (next === undefined) {
        next = nodes.length;
        nodes.push({ children: new Map(), ends: false, label: '' });
        nodes[at]?.children.set(byte, next);
      }
      at = next;
    }
    const end = nodes[at];
    if (end !== undefined) end.ends = true;
  }
  return nodes;
}

function byteClasses(texts: readonly string[]): { readonly classes: readonly number[]; readonly bytes: readonly number[] } {
  const used = [...new Set(texts.flatMap((text) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))))].sort((a, b) => a - b);
  const places = new Map(used.map((byte, i) => [byte, i + 1]));
  return { classes: Array.from({ length: 256 }, (_, byte) => places.get(byte) ?? 0), bytes: used };
}

/** The label of a value names the longest prefix that it has, which says which others it has. */
export function prefixTable(texts: readonly string[]): Table {
  const nodes = plant(texts);
  const { classes, bytes } = byteClasses(texts);
  const labels: string[] = nodes.map((node, i) => (node.ends ? String(i) : ''));
  // Beside the node itself one state per label for values that have left the tree.
  const left = new Map<string, number>();
  const parents = new Int32Array(nodes.length);
  nodes.forEach((node, i) => node.children.forEach((child) => parents[child] = i));
  nodes.forEach((node, i) => {
    if (!node.ends && i > 0) labels[i] = labels[parents[i] ?? 0] ?? '';
    if (node.ends || i === 0) left.set(labels[i] ?? '', nodes.length + left.size);
  });
  const width = bytes.length + 1;
  const targets: number[] = [];
  nodes.forEach((node, i) => {
    const out = left.get(labels[i] ?? '') ?? 0;
    targets.push(out, ...bytes.map((byte) => node.children.get(byte) ?? out));
  });
  for (const [label, state] of left) {
    labels.push(label);
    for (let c = 0; c < width; c++) targets.push(state);
  }
  return { classes, width, targets, labels };
}

/** The label of a value names the longest suffix that it has. */
export function suffixTable(texts: readonly string[]): Table {
  const nodes = plant(texts);
  const { classes, bytes } = byteClasses(texts);
  const width = bytes.length + 1;
  const targets = new Array<number>(nodes.length * width).fill(0);
  const fail = new Int32Array(nodes.length);
  const labels: string[] = nodes.map((node, i) => (node.ends ? String(i) : ''));
  const queue = [0];
  for (const at of queue) {
    const back = fail[at] ?? 0;
    if (labels[at] === '' && at !== 0) labels[at] = labels[back] ?? '';
    bytes.forEach((byte, i) => {
      const child = nodes[at]?.children.get(byte);
      const detour = at === 0 ? 0 : targets[back * width + i + 1] ?? 0;
      targets[at * width + i + 1] = child ?? detour;
      if (child === undefined) return;
      fail[child] = detour;
      queue.push(child);
    });
  }
  return { classes, width, targets, labels };
}
