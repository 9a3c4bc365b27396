// How the process is doing, read only when the supervisor asks.

import { monitorEventLoopDelay, performance, type EventLoopUtilization, type IntervalHistogram } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Vitals } from '@graylane/wire';

/** Coarse on purpose: each sample wakes the process up. */
const DELAY_RESOLUTION_MS = 50;

export class VitalSigns {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  readonly #heapLimit: number = getHeapStatistics().heap_size_limit;
  #last: EventLoopUtilization = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  read(traffic: Pick<Vitals, 'inFlight' | 'waiting' | 'admission'>): Vitals {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#last);
    this.#last = now;
    const p99 = this.#delay.count === 0 ? 0 : this.#delay.percentile(99) / 1e6;
    this.#delay.reset();
    const memory = process.memoryUsage();
    const cpu = process.cpuUsage();
    return {
      rss: memory.rss,
      heapUsed: memory.heapUsed,
      heapLimit: this.#heapLimit,
      cpuMicros: cpu.user + cpu.system,
      // The histogram counts from one sample to the next; the wait that was asked for is no delay.
      loopDelayP99Ms: Math.max(0, p99 - DELAY_RESOLUTION_MS),
      loopUtilization: utilization,
      ...traffic,
    };
  }
}
