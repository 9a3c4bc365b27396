// Loads the lanes beside the agent's own file when the first strategy or key asks for them. Must stay a few hundred bytes.

import { createRequire } from 'node:module';
import type { KeyRing } from '@graylane/wire';
import type { Lanes, LaneSurroundings } from './lanes.ts';

interface LanesModule {
  createLanes(surroundings: LaneSurroundings): Lanes;
}

export class LaneLoader {
  readonly #surroundings: LaneSurroundings;
  #ring: KeyRing | null = null;
  #lanes: Lanes | null = null;

  constructor(surroundings: LaneSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Null as long as nothing has asked for them. */
  get loaded(): Lanes | null {
    return this.#lanes;
  }

  /** Throws when the file is not there, or of another version. */
  need(): Lanes {
    if (this.#lanes === null) {
      this.#lanes = load(this.#surroundings);
      if (this.#ring !== null) this.#lanes.setKeys(this.#ring);
    }
    return this.#lanes;
  }

  setKeys(ring: KeyRing): void {
    this.#ring = ring;
    this.#lanes?.setKeys(ring);
  }
}

function load(surroundings: LaneSurroundings): Lanes {
  const require = createRequire(import.meta.url);
  const file = require.resolve('./lanes.cjs');
  const loaded: unknown = require(file);
  if (!isLanesModule(loaded)) throw new TypeError(`${file} is not of this version of graylane: install it again`);
  return loaded.createLanes(surroundings);
}

function isLanesModule(value: unknown): value is LanesModule {
  return typeof value === 'object' && value !== null && 'createLanes' in value;
}
