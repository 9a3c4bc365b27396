// A store that can be made to fail as disks do: what is written is refused, what is read goes on.

import { StoreError } from '../../src/store/errors.ts';
import type { StoreFailure } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';

export interface Weakness {
  /** Null: the store is well. */
  failure: StoreFailure | null;
  /** Writes that were refused. */
  refused: number;
}

export function weakened(store: Store, weakness: Weakness): Store {
  return {
    revision: () => store.revision(), get: (key) => store.get(key), list: (prefix, options) => store.list(prefix, options),
    watch: (prefix, after, signal) => store.watch(prefix, after, signal), grant: (ttlMs) => store.grant(ttlMs), renew: (id) => store.renew(id),
    revoke: (id) => store.revoke(id), backup: (target) => store.backup(target), close: () => store.close(),
    commit: (conditions, writes) => {
      if (weakness.failure === null) return store.commit(conditions, writes);
      weakness.refused += 1;
      return Promise.reject(new StoreError(weakness.failure, 'no room'));
    },
  };
}
