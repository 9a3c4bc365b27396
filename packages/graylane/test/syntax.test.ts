// What cannot be read as a document: every error at its very place, in words of the language that the file is written in.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readDocument } from '../src/config/document.ts';
import { readStrategy } from '../src/config/strategy.ts';
import { Failure } from '../src/print/failure.ts';

const folder = mkdtempSync(join(tmpdir(), 'gly-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });
let count = 0;

/** `line:column text, with the mark's rest of the line`, the message, of each problem. */
async function problemsOf(extension: string, text: string): Promise<readonly string[]> {
  const file = join(folder, `${count++}.${extension}`);
  writeFileSync(file, text);
  const failure: unknown = await readDocument(file).then(() => null, (error: unknown) => error);
  assert.ok(failure instanceof Failure, 'it does not read');
  return failure.problems.map(({ place, message }) => `${place?.line}:${place?.column} ${place?.text?.slice((place.column ?? 1) - 1)} | ${message}`);
}

/** Each is the beginning of a problem. */
async function check(extension: string, text: string, says: readonly string[]): Promise<void> {
  const problems = await problemsOf(extension, text);
  assert.deepEqual(problems.map((problem, index) => problem.slice(0, says[index]?.length)), says, problems.join('\n'));
}

describe('JSON with', () => {
  it('a comma that is missing', () => check('json', '{ "a": 1 "b": 2 }', ['1:10 "b": 2 } | a comma is missing before "b"']));
  it('a comma too many', () => check('json', '{\n  "a": [1, 2,],\n}', ['2:13 ,], | this comma has nothing behind it', '2:15 , | this comma has nothing behind it']));
  it('a bracket that is never closed', () => check('json', '{\n  "a": [1,\n  "b": { "c": 2 }\n', ['1:1 { | this { is never closed', '3:6 : { "c": 2 } | "b" is a key, in a list']));
  it('a bracket of the wrong kind', () => check('json', '{ "a": [1, 2 }', ['1:14 } | a ] belongs here']));
  it('a key without quotes', () => check('json', '{ a: 1 }', ['1:3 a: 1 } | a wants double quotes']));
  it('single quotes', () => check('json', "{ 'a': 'b' }", ["1:3 'a': 'b' } | 'a' wants double quotes", "1:8 'b' } | 'b' wants double quotes"]));
  it('a colon that is missing', () => check('json', '{ "a" 1 }', ['1:7 1 } | a colon is missing behind "a"']));
  it('a comment', () => check('json', '{\n  // why\n  "a": 1\n}', ['2:3 // why | JSON has no comments']));
  it('something behind the end', () => check('json', '{}\n{}', ['2:1 {} | the document has ended before this']));
  it('a quote that is not closed', () => check('json', '{ "a": "b }\n', ['1:8 "b } | this quote is never closed']));
});

describe('YAML with', () => {
  it('a key in another column', () => check('yaml', 'web:\n  listen: 1\n   stable: v1\n', ['2:11 1 | this goes on in the next line']));
  it('errors in two places, one for each line', async () => {
    const lines = (await problemsOf('yaml', 'services:\n  web:\n    listen: 3300\n   stable: v1\n  - versions\nreleases: [ { name: next\n')).map((problem) => problem.split(':')[0]);
    assert.deepEqual(lines, [...new Set(lines)]);
    assert.ok(lines.includes('4') && lines.length > 1, lines.join());
  });
  it('a bracket that is never closed', () => check('yaml', 'a: [1, 2\nb: 3\n', ['2:1 b: 3 | a { or [ is still open here']));
  it('a tab', () => check('yaml', 'web:\n\tlisten: 1\n', ['2:1 \tlisten: 1 | a tab stands where only spaces indent']));
  it('a key twice', () => check('yaml', 'web: 1\nweb: 2\n', ['2:1 web: 2 | this key stands here a second time']));
  it('nothing in it', async () => {
    const file = join(folder, 'empty.yaml');
    writeFileSync(file, '# later\n');
    await assert.rejects(readStrategy(file, { runnable: false }), /GL1002 .*empty\.yaml is empty/);
  });
});

describe('TypeScript that', () => {
  it('does not parse', () => check('ts', "import { a } from 'node:fs';\nexport default {\n  listen: 3300 stable: 'v1',\n};\n", ['3:16 stable: ']));
  it('throws', () => check('ts', "import 'node:fs';\n\n  throw new Error('no DB_URL');\n", ["3:9 new Error('no DB_URL'); | "]));
});

it('JavaScript that does not parse is shown with its place', () => check('mjs', 'export default {\n  a: 1 b: 2\n};\n', ['2:8 b: 2 | ']));

it('an unknown key is marked itself, not its value', async () => {
  const file = join(folder, 'key.yaml');
  writeFileSync(file, 'services:\n  web: { stabel: v1, versions: { v1: {} } }\n');
  const failure: unknown = await readStrategy(file, { runnable: false }).then(() => null, (error: unknown) => error);
  assert.ok(failure instanceof Failure);
  assert.deepEqual(failure.problems.filter(({ code }) => code === 'GL1003').map(({ place }) => [place?.line, place?.column]), [[2, 10]]);
});
