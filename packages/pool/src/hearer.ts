// Whoever is told keys and strategies: a worker, or a guest.

import type { SupervisorMessage } from '@graylane/wire';

import type { Encoded } from './control/link.ts';
import type { WorkerState } from './worker/state.ts';

export interface Hearer {
  readonly id: string;
  readonly spec: { readonly service: string };
  readonly state: { readonly name: WorkerState['name'] };
  readonly connected: boolean;
  readonly ackedGeneration: number;
  send(message: SupervisorMessage): void;
  sendEncoded(bytes: Encoded): void;
}
