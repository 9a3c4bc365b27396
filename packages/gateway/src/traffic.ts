// How much a gateway process has in hand and how it lets requests to upstreams, summed over its services.

import type { Admission, Vitals } from '@graylane/wire';

export type Traffic = Pick<Vitals, 'inFlight' | 'waiting' | 'admission'>;

export function sumOf(parts: Iterable<Traffic & { readonly admission: Admission }>): Traffic {
  const sum = { inFlight: 0, waiting: 0, limit: 0, waited: 0, waitedSeconds: 0 };
  const rejected: Record<string, number> = {};
  for (const { inFlight, waiting, admission } of parts) {
    sum.inFlight += inFlight;
    sum.waiting += waiting;
    // One for each version of each service, and the same everywhere.
    sum.limit = Math.max(sum.limit, admission.limit);
    sum.waited += admission.waited;
    sum.waitedSeconds += admission.waitedSeconds;
    for (const [reason, count] of Object.entries(admission.rejected)) rejected[reason] = (rejected[reason] ?? 0) + count;
  }
  const { inFlight, waiting, ...admission } = sum;
  return { inFlight, waiting, admission: { ...admission, rejected } };
}
