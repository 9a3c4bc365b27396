// Changes single numbers in a YAML or JSON file and leaves every other character as it is, comments too.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isNode, parseDocument } from 'yaml';

export interface Edit {
  readonly keys: readonly (string | number)[];
  readonly value: number;
}

/** False when a place is not in the file (it is code, say); nothing is written then. */
export function editNumbers(file: string, edits: readonly Edit[]): boolean {
  if (!/\.(?:json|ya?ml)$/.test(file)) return false;
  const text = readFileSync(file, 'utf8');
  const parsed = parseDocument(text, { prettyErrors: false });
  const places = edits.map(({ keys, value }) => ({ node: parsed.getIn(keys, true), value }));
  const cuts = places.flatMap(({ node, value }) => (isNode(node) && node.range ? [{ from: node.range[0], to: node.range[1], value }] : []));
  if (cuts.length < edits.length) return false;
  // From the end, so that places before stay where they are.
  const changed = cuts.sort((a, b) => b.from - a.from).reduce((rest, { from, to, value }) => `${rest.slice(0, from)}${value}${rest.slice(to)}`, text);
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, changed);
  renameSync(fresh, file);
  return true;
}
