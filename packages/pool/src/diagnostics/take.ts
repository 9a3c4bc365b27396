// Heap snapshots and profiles of one running worker, written to files that Chrome's developer tools open.

import { createWriteStream, renameSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';

import { withInspector } from './open.ts';
import type { Subject } from './open.ts';

/** Bytes between two samples of a heap profile: V8's own default. */
const HEAP_SAMPLE_BYTES = 32_768;

/** Writes a `.heapsnapshot`. The worker stands still meanwhile, about a second per 100 MB of heap. */
export async function takeHeapSnapshot(subject: Subject, file: string): Promise<void> {
  await withInspector(subject, async (inspector) => {
    const unfinished = `${file}.part`;
    const target = createWriteStream(unfinished, { mode: 0o600 });
    inspector.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => {
      if (typeof chunk === 'string') target.write(chunk);
    });
    await inspector.call('HeapProfiler.enable');
    await inspector.call('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
    target.end();
    await once(target, 'close');
    // Whoever waits for the file never sees half of it.
    renameSync(unfinished, file);
  });
}

/** Writes a `.cpuprofile` of the next `durationMs`, also of a worker whose event loop hangs. */
export async function profileCpu(subject: Subject, durationMs: number, file: string): Promise<void> {
  await withInspector(subject, async (inspector) => {
    await inspector.call('Profiler.enable');
    await inspector.call('Profiler.start');
    await after(durationMs);
    const { profile } = await inspector.call('Profiler.stop');
    writeFileSync(file, JSON.stringify(profile), { mode: 0o600 });
  });
}

/** Writes a `.heapprofile`: which functions allocated what is alive after `durationMs`. */
export async function profileHeap(subject: Subject, durationMs: number, file: string): Promise<void> {
  await withInspector(subject, async (inspector) => {
    await inspector.call('HeapProfiler.enable');
    await inspector.call('HeapProfiler.startSampling', { samplingInterval: HEAP_SAMPLE_BYTES });
    await after(durationMs);
    const { profile } = await inspector.call('HeapProfiler.stopSampling');
    writeFileSync(file, JSON.stringify(profile), { mode: 0o600 });
  });
}
