// What became of the store while nobody looked, and what to do about it. Pure.

import type { StoreCondition } from '@graylane/control';

/** Null for a store that is well. */
export function troubleText(condition: StoreCondition): string | null {
  switch (condition.kind) {
    case 'well':
      return null;
    case 'made-again':
      return 'the store was gone and was made again from its spare: strategy, releases, tokens and webhooks are as they were, events and verdicts of before are lost; a backup has them (graylane down, then graylane restore FILE)';
    case 'spare-only':
      return `the store cannot be used (${condition.failure.message}); the last good strategy is in force and nothing can be changed but by a rollback; graylane down, then graylane restore FILE, or graylane restore --last-good without a backup`;
  }
}
