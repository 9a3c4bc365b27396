// `npm run conformance:reload`: 5,000 requests on new, kept and HTTP/2 connections while the gateway's processes are replaced; none may be lost.

import { reloadUnderLoad } from './reload-run.ts';

const result = await reloadUnderLoad({ requests: 5_000, reloads: 5, workers: 2 });
console.log(`${result.answered} answered, ${result.lost.length} lost, ${result.reloads} reloads of 2 processes, ${result.farewells} GOAWAY seen`);
for (const loss of result.lost.slice(0, 20)) console.log(`  ${loss}`);
if (result.lost.length > 0) process.exitCode = 1;
