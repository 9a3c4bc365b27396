// The verdict that a release that is over was last decided on, from the events that keep it.

import type { VerdictView } from '../release/verdicts.ts';
import type { Ledger, StoredEvent } from './ledger.ts';

/** Far enough back for the releases of some weeks; what is older is looked up in the events themselves. */
const EVENTS_SEARCHED = 1_000;
const PAGE = 200;

export async function lastVerdict(ledger: Ledger, release: string): Promise<{ readonly at: number; readonly verdict: VerdictView } | null> {
  let before: number | undefined;
  for (let searched = 0; searched < EVENTS_SEARCHED; searched += PAGE) {
    const events: readonly StoredEvent[] = await ledger.events({ limit: PAGE, ...(before === undefined ? {} : { before }) });
    for (const { kind, subject, at, evidence } of events) {
      if (kind === 'release' && subject === release && isVerdict(evidence)) return { at, verdict: evidence };
    }
    before = events.at(-1)?.seq;
    if (events.length < PAGE) return null;
  }
  return null;
}

/** Events keep evidence of several kinds; that of the controller's verdicts has an answer. */
function isVerdict(evidence: unknown): evidence is VerdictView {
  return typeof evidence === 'object' && evidence !== null && 'answer' in evidence && 'reasons' in evidence && 'evidence' in evidence;
}
