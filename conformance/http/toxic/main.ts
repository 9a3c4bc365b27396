// `node --expose-gc conformance/http/toxic/main.ts [seconds] [seed]`: toxic upstreams for ten minutes; ends with 1 unless memory and handles are flat.

import { seeded } from '../../../tools/seeded.ts';
import { ordeal } from './ordeal.ts';

/** More growth than this in a long run is a leak. */
const GROWTH_BYTES = 32e6;

const seconds = Number(process.argv[2] ?? 600);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const report = await ordeal(seconds * 1_000, seeded(seed));
console.log(`seed ${seed}`, report);
if (report.wrong.length > 0 || report.leftInFlight > 0 || report.leftHandles > 2 || report.grownRss > GROWTH_BYTES) process.exitCode = 1;
