// What the processes of `graylane gateway` run with now, and how that changes: new processes first, then the old ones finish.
// It must not know who decides the strategy.

import type { Fleet } from '@graylane/pool';
import type { StrategyDocument } from '@graylane/rules';
import { gatewayPlan, type GatewayPlan, type GatewaySource } from '../config/gateway/section.ts';
import { EdgeFile } from './edge-file.ts';
import { edgeSpec, EDGE_SERVICE } from './edge-spec.ts';

export interface EdgeRollOptions {
  readonly run: string;
  /** What the file says now. Throws Failure. */
  readonly source: () => Promise<GatewaySource>;
  readonly onFault: (what: string, error: unknown) => void;
}

/** One change at a time. */
export class EdgeRoll {
  readonly #options: EdgeRollOptions;
  readonly #file: EdgeFile;
  #source: GatewaySource;
  #fleet: Fleet | null = null;
  #live: () => Promise<StrategyDocument>;
  #turn: Promise<unknown> = Promise.resolve();
  plan: GatewayPlan;

  constructor(options: EdgeRollOptions, source: GatewaySource, plan: GatewayPlan) {
    this.#options = options;
    this.#source = source;
    this.plan = plan;
    this.#file = new EdgeFile(options.run);
    this.#live = () => Promise.resolve(source.document);
  }

  /** `live` is the strategy in force: its versions name the upstreams. */
  async start(fleet: Fleet, live: () => Promise<StrategyDocument>): Promise<void> {
    this.#fleet = fleet;
    this.#live = live;
    this.plan = await this.#planned(this.#source);
    await this.#roll();
  }

  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const source = await this.#options.source();
      this.plan = await this.#planned(source);
      this.#source = source;
      await this.#roll();
    });
  }

  /** A strategy was published: where its upstreams are others than before, the processes are replaced. */
  followStrategy(): void {
    if (this.#fleet === null) return;
    void this.#inTurn(async () => {
      const plan = await this.#planned(this.#source);
      if (this.#file.says(plan.edge)) return;
      this.plan = plan;
      await this.#roll();
    }).catch((error: unknown) => this.#options.onFault('the upstreams of the new strategy', error));
  }

  async #planned(source: GatewaySource): Promise<GatewayPlan> {
    return gatewayPlan({ ...source, document: await this.#live() });
  }

  async #roll(): Promise<void> {
    const fleet = this.#fleet;
    if (fleet === null) return;
    const { edge, places, workers } = this.plan;
    const before = this.#file.text;
    this.#file.write(edge);
    const spec = edgeSpec(this.#file.path, this.plan);
    const pool = fleet.pools().find((one) => one.spec.service === EDGE_SERVICE);
    try {
      await fleet.openSlots(EDGE_SERVICE, places, workers);
      if (pool === undefined) await fleet.start(spec);
      else await pool.reload(spec);
      if (pool !== undefined && pool.spec.workers !== workers) await pool.scale(workers);
    } catch (error) {
      // A process that starts again must find what the others run with.
      if (pool !== undefined && before !== null) this.#file.restore(before);
      throw error;
    }
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
