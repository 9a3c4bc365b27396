// docs/forwarding.md names every reason and every limit, and no others.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FAILURE_REASONS, meaning } from '../src/failure.ts';
import { DEFAULT_LIMITS } from '../src/limits.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/forwarding.md'), 'utf8');
const section = (title: string): string => page.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const named = (text: string): string[] => [...text.matchAll(/`([a-zA-Z-]+)`/g)].map((match) => match[1]!);

void test('every reason of a failure is in the table, with its side', () => {
  const rows = section('Reasons').split('\n').filter((line) => line.startsWith('| `'));
  assert.deepEqual(rows.flatMap(named).sort(), [...FAILURE_REASONS].sort());
  for (const row of rows) for (const reason of FAILURE_REASONS) if (row.includes(`\`${reason}\``)) assert.ok(row.endsWith(`| ${meaning(reason).side} |`), reason);
});

void test('every limit is in the table', () => {
  const rows = section('Limits').split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|')[1] ?? '');
  assert.deepEqual(rows.flatMap(named).sort(), Object.keys(DEFAULT_LIMITS).sort());
});
