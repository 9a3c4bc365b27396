// Records of the API as tests need them: whole ones, of which a test says what matters.

import type { Api } from '@graylane/wire';

export function releaseView(more: Partial<Api<'Release'>>): Api<'Release'> {
  return {
    name: 'r', phase: 'progressing', turn: 1, step: 0, steps: [], percent: 5, holdback: 0, versions: { web: 'v2' }, since: '2030-01-01T00:00:00.000Z', until: null,
    why: 'a test', live: true, share: 4.98, requests: 50, unavailable: 0, hold: null, ...more,
  };
}

export function evidenceView(more: Partial<Api<'Evidence'>> = {}): Api<'Evidence'> {
  return {
    guardrail: 'errors', kind: 'share', unit: 'user', treated: { n: 278, bad: 14, estimate: 0.0504 }, control: { n: 5_934, bad: 59, estimate: 0.00994 },
    ratio: { estimate: 5.06, low: 1.31, high: 12.4 }, limit: 1.25, difference: { estimate: 0.0405, low: 0.002, high: 0.11 }, differenceLimit: 0.005,
    alpha: 0.005, logEvidence: 5.4, needed: 5.3, crossed: { at: 0 }, bounded: null, ...more,
  };
}
