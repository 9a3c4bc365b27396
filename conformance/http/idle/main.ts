// `npm run bench:idle [connections]`: what an idle WebSocket and an idle event stream cost the forwarding process, on both
// planes, written into docs/forwarding.md. Ends with 1 when one costs more than it may.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IDLE_KINDS, PLANES, idleCost } from './measure.ts';

const PAGE = join(import.meta.dirname, '../../../docs/forwarding.md');
const [BEGIN, END] = ['<!-- idle connections -->', '<!-- end of idle connections -->'];

const count = Number(process.argv[2] ?? 9_000);
const rows = [`| plane | ${count.toLocaleString('en')} idle | kB of memory each | of it JavaScript | may be |`, '|---|---|---:|---:|---:|'];
for (const plane of PLANES) {
  for (const kind of IDLE_KINDS) {
    const { rssKb, heapKb } = await idleCost(plane, kind, count);
    rows.push(`| ${plane} | ${kind.name}s | ${rssKb.toFixed(1)} | ${heapKb.toFixed(1)} | ${kind.limitKb} |`);
    console.log(rows.at(-1));
    if (rssKb > kind.limitKb) process.exitCode = 1;
  }
}
const page = readFileSync(PAGE, 'utf8');
const [before, rest] = page.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined) throw new Error(`docs/forwarding.md has no lines "${BEGIN}" and "${END}" to write between`);
writeFileSync(PAGE, `${before}${BEGIN}\n${rows.join('\n')}\n\nNode ${process.version}, ${process.platform}.\n${END}${after}`);
