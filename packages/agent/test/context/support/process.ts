// Under which Node the programs of these tests run, and what they import as `@graylane/agent/context`.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeBinary } from '../../../../../tools/nodes.ts';

export interface NodeVersion {
  readonly major: string;
  readonly node: string;
  readonly skip: string | false;
}

const own: NodeVersion = { major: process.versions.node.split('.')[0] ?? '', node: process.execPath, skip: false };

/** This one, and those of the matrix. */
export const nodes: readonly NodeVersion[] = [own, ...['20', '22', '26'].map((major): NodeVersion => {
  const node = nodeBinary(major);
  return { major, node: node ?? '', skip: node === null ? `Node ${major} is not in .cache/nodes: run node tools/nodes.ts` : false };
})];

/** The public API as JavaScript, for Node 20 reads no types; made from the sources, for they may be newer than any build. */
export function builtApi(): string {
  const folder = join(tmpdir(), `graylane-context-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const name of ['index', 'shared']) {
    const source = readFileSync(new URL(`../../../src/context/${name}.ts`, import.meta.url), 'utf8');
    writeFileSync(join(folder, `${name}.js`), stripTypeScriptTypes(source).replaceAll("./shared.ts'", "./shared.js'"));
  }
  return join(folder, 'index.js');
}
