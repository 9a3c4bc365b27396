// The text of `graylane top`: one line a worker, with its share of a core since the look before.

import type { WorkerStatus } from '@graylane/pool';
import type { ProcessesView } from '../up/processes.ts';
import { table } from './table.ts';

export function topText(now: ProcessesView, before: ProcessesView | null, columns: number): string {
  const rows = now.workers.map((worker) => {
    const { vitals } = worker;
    if (vitals === null) return [worker.id, worker.state, '–'];
    return [
      worker.id, worker.state, cpuText(worker, before), megabytes(vitals.rss), `${megabytes(vitals.heapUsed)} of ${megabytes(vitals.heapLimit)}`,
      `${vitals.loopDelayP99Ms.toFixed(1)} ms`, `${Math.round(vitals.loopUtilization * 100)} %`, String(vitals.inFlight), String(vitals.waiting),
    ];
  });
  return table([['worker', 'state', 'cpu', 'memory', 'heap', 'loop p99', 'loop busy', 'in flight', 'waiting'], ...rows], columns);
}

/** Between the two moments at which the worker has said it, which are not those at which somebody looked. */
function cpuText(worker: WorkerStatus, before: ProcessesView | null): string {
  const earlier = before?.workers.find((one) => one.id === worker.id);
  if (earlier === undefined || earlier.vitals === null || worker.vitals === null || worker.vitalsAt <= earlier.vitalsAt) return '–';
  const share = (worker.vitals.cpuMicros - earlier.vitals.cpuMicros) / ((worker.vitalsAt - earlier.vitalsAt) * 1_000);
  return `${Math.round(share * 100)} %`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}
