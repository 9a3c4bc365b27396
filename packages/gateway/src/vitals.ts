// How a gateway worker is doing, read when the supervisor asks.

import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { EventLoopUtilization, IntervalHistogram } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Vitals } from '@graylane/wire';
import type { Traffic } from './traffic.ts';

/** Each sample wakes the process up. */
const RESOLUTION_MS = 50;

export class GatewayVitals {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #last: EventLoopUtilization = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  read(traffic: Traffic): Vitals {
    const now = performance.eventLoopUtilization();
    const { utilization: loopUtilization } = performance.eventLoopUtilization(now, this.#last);
    this.#last = now;
    const loopDelayP99Ms = this.#delay.count === 0 ? 0 : Math.max(0, this.#delay.percentile(99) / 1e6 - RESOLUTION_MS);
    this.#delay.reset();
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return { rss, heapUsed, heapLimit: getHeapStatistics().heap_size_limit, cpuMicros: user + system, loopDelayP99Ms, loopUtilization, ...traffic };
  }
}
