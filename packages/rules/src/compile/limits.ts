// The limits of a service as numbers for whoever forwards its requests. It must not know defaults, nor how they are enforced.

import { durationMs, sizeBytes } from '../document/scalars.ts';
import type { Duration, LimitsSpec } from '../document/types.ts';
import type { LimitsPlan } from './snapshot.ts';

/** `spec` has been checked, so every duration and size in it can be read. Limits of clients' connections are none of a forwarder's. */
export function compileLimits({ inFlight, waiting, wait, connectTimeout, responseTimeout, idleTimeout, responseHeadBytes }: LimitsSpec): LimitsPlan {
  return {
    ...(inFlight === undefined ? {} : { inFlightPerUpstream: inFlight }),
    ...(waiting === undefined ? {} : { waitingPerGroup: waiting }),
    ...milliseconds('waitMs', wait),
    ...milliseconds('connectLocalMs', connectTimeout),
    ...milliseconds('connectRemoteMs', connectTimeout),
    ...milliseconds('responseHeadMs', responseTimeout),
    ...milliseconds('bodyIdleMs', idleTimeout),
    ...(responseHeadBytes === undefined ? {} : { responseHeadBytes: sizeBytes(responseHeadBytes) ?? 0 }),
  };
}

function milliseconds(name: keyof LimitsPlan, value: Duration | undefined): LimitsPlan {
  return value === undefined ? {} : { [name]: durationMs(value) ?? 0 };
}
