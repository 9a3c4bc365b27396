// Checks the words: terms of other systems for things that have a name here, and traces of unfinished work.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Only in these files; all when absent. */
  readonly files?: RegExp;
}

const bans: readonly Ban[] = [
  { pattern: /\b(blue|green) (version|pool|worker)s?\b/i, instead: 'stable or canary', files: /^packages\/.*\.ts$/ },
  { pattern: /\bprimary (version|pool|worker)s?\b/i, instead: 'stable' },
  { pattern: /\b(whitelist|blacklist)\b/i, instead: 'allow-list, deny-list' },
  { pattern: /\b(master|slave) (process|worker|node)\b/i, instead: 'supervisor, worker', files: /^packages\/.*\.ts$/ },
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'the work itself, or an issue', files: /\.ts$/ },
  { pattern: /\bas any\b|: any(\[\])?[;,)=>]|@ts-ignore/, instead: 'a type', files: /^packages\/[^/]+\/src\/.*\.ts$/ },
];

const files = execFileSync('git', ['ls-files', '-z', '--', '*.ts', '*.md'], { encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && file !== 'tools/words.ts' && file !== 'GLOSSARY.md');

let found = 0;
for (const file of files) {
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    for (const ban of bans) {
      if (ban.files?.test(file) === false || !ban.pattern.test(line)) continue;
      found += 1;
      console.error(`${file}:${index + 1}: ${line.trim().slice(0, 100)}\n  write ${ban.instead}`);
    }
  }
}
if (files.length < 20) throw new Error(`words: only ${files.length} files were read`);
if (found > 0) process.exitCode = 1;
else console.log(`words: ${files.length} files, none with a word to avoid`);
