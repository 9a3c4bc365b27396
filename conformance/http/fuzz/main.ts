// `node conformance/http/fuzz/main.ts [seconds] [seed]`: the long form of the differential fuzz. Ends with 1 on the first difference.

import { start } from './differential.ts';
import { seeded } from '../../../tools/seeded.ts';
import { message } from './generate.ts';

const seconds = Number(process.argv[2] ?? 600);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const random = seeded(seed);
const differential = await start();
const until = performance.now() + seconds * 1_000;
let cases = 0;
console.log(`seed ${seed}`);
while (performance.now() < until && process.exitCode === undefined) {
  const text = message(random);
  const wrong = await differential.check(text);
  cases++;
  if (wrong === null) continue;
  console.error(`case ${cases}: ${wrong}\n${JSON.stringify(text)}`);
  process.exitCode = 1;
}
console.log(`${cases} messages, ${process.exitCode === undefined ? 'no difference' : 'a difference'}; read: ${JSON.stringify(differential.totals)}`);
differential.close();
