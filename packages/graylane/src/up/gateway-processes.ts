// The processes of `graylane gateway` as people ask for them: their reload reads the configuration again.

import type { Fleet } from '@graylane/pool';
import { Processes } from './processes.ts';

export class GatewayProcesses extends Processes {
  readonly #reload: () => Promise<void>;

  constructor(fleet: Fleet, reload: () => Promise<void>) {
    super(fleet);
    this.#reload = reload;
  }

  override async reload(): Promise<void> {
    await this.#reload();
  }
}
