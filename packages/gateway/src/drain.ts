// Waits until nothing has been under way for a moment, within a time. It ends nothing.

import type { Clock } from '@graylane/forward';

/** After the last answer, before idle connections are closed: a request that was sent before the client knew arrives in it. */
const IDLE_GRACE_MS = 1_000;
const CHECK_MS = 25;

export async function untilQuiet(clock: Clock, graceMs: number, busy: () => boolean): Promise<void> {
  const started = clock.now();
  let quietSince = started;
  await new Promise<void>((resolve) => {
    const stop = clock.every(CHECK_MS, () => {
      const now = clock.now();
      if (busy()) quietSince = now;
      if (now - quietSince < Math.min(IDLE_GRACE_MS, graceMs / 2) && now - started < graceMs) return;
      stop();
      resolve();
    });
  });
}
