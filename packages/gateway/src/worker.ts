// The entry of a gateway process: reads its brief from the environment and runs until it is told to end.

import { BRIEF_VARIABLE, WIRE_VERSION } from '@graylane/wire';
import type { WorkerBrief } from '@graylane/wire';
import { GatewayWorker } from './gateway-worker.ts';

function readBrief(): WorkerBrief {
  const text = process.env[BRIEF_VARIABLE];
  if (text === undefined) throw new Error(`this is started by graylane, which gives it ${BRIEF_VARIABLE}`);
  const brief = JSON.parse(text) as WorkerBrief;
  if (brief.wire !== WIRE_VERSION) throw new Error(`the supervisor speaks version ${brief.wire} of the worker protocol, this gateway ${WIRE_VERSION}: start both from one installation of graylane`);
  return brief;
}

await new GatewayWorker(readBrief(), { pid: process.pid, node: process.version, random: Math.random }).start();
