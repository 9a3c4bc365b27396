// The text of `graylane top`: one line a worker, with its share of a core since the look before.

import type { WorkerStatus } from '@graylane/pool';
import type { ProcessesView } from '../up/processes.ts';
import { table } from './table.ts';

interface Look {
  readonly view: ProcessesView;
  readonly atMs: number;
}

export function topText(now: Look, before: Look | null, columns: number): string {
  const rows = now.view.workers.map((worker) => {
    const { vitals } = worker;
    if (vitals === null) return [worker.id, worker.state, '–'];
    return [
      worker.id, worker.state, cpuText(worker, now, before), megabytes(vitals.rss), `${megabytes(vitals.heapUsed)} of ${megabytes(vitals.heapLimit)}`,
      `${vitals.loopDelayP99Ms.toFixed(1)} ms`, `${Math.round(vitals.loopUtilization * 100)} %`, String(vitals.inFlight), String(vitals.waiting),
    ];
  });
  return table([['worker', 'state', 'cpu', 'memory', 'heap', 'loop p99', 'loop busy', 'in flight', 'waiting'], ...rows], columns);
}

function cpuText(worker: WorkerStatus, now: Look, before: Look | null): string {
  const earlier = before?.view.workers.find((one) => one.id === worker.id)?.vitals;
  if (before === null || earlier === undefined || earlier === null || worker.vitals === null) return '–';
  const share = (worker.vitals.cpuMicros - earlier.cpuMicros) / ((now.atMs - before.atMs) * 1_000);
  return `${Math.round(share * 100)} %`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}
