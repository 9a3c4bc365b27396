// The upstreams of one service as they are now: what was written, with names looked up and sick ones left out. It moves no request.

import type { Clock, Upstream } from '@graylane/forward';
import type { EdgeService, Target } from './edge-config.ts';
import { HealthChecks } from './health-check.ts';
import type { HealthChange, Probe } from './health-check.ts';
import { isAddress } from './names.ts';
import type { Names } from './names.ts';

export interface MembersOptions {
  readonly service: EdgeService;
  readonly names: Names;
  readonly clock: Clock;
  /** Reads a PEM file. */
  readonly read: (file: string) => string;
  /** The version that nobody can fall back from. */
  readonly stable: () => string;
  readonly apply: (upstreams: Readonly<Record<string, readonly Upstream[]>>) => void;
  readonly onHealth: (change: HealthChange) => void;
  readonly probe?: Probe;
}

export class Members {
  readonly #options: MembersOptions;
  readonly #health: HealthChecks | null;
  #all: Readonly<Record<string, readonly Upstream[]>> = {};

  constructor(options: MembersOptions) {
    this.#options = options;
    const { service, clock, onHealth, probe } = options;
    this.#health = service.health === null ? null : new HealthChecks(service.health, clock, (change) => {
      onHealth(change);
      this.#apply();
    }, ...(probe === undefined ? [] : [probe]));
  }

  /** The names that its upstreams are written with. */
  get names(): readonly string[] {
    return Object.values(this.#options.service.versions).flat().flatMap(({ place }) => 'host' in place && !isAddress(place.host) ? [place.host] : []);
  }

  /** Something may have changed: addresses of a name, or which version is stable. */
  renew(): void {
    const { service } = this.#options;
    this.#all = Object.fromEntries(Object.entries(service.versions).map(([version, targets]) => [version, targets.flatMap((target) => this.#upstreams(target))]));
    this.#health?.watch(Object.values(this.#all).flat());
    this.#apply();
  }

  suspect(key: string): void {
    this.#health?.suspect(key);
  }

  close(): void {
    this.#health?.close();
  }

  #apply(): void {
    const { apply, stable } = this.#options;
    const [health, last] = [this.#health, stable()];
    apply(Object.fromEntries(Object.entries(this.#all).map(([version, upstreams]) => {
      const healthy = health === null ? upstreams : upstreams.filter(({ key }) => health.isHealthy(key));
      // A lane has stable to fall back on. Stable has nobody: where all of it looks sick, the check may be what is wrong.
      return [version, healthy.length === 0 && version === last ? upstreams : healthy];
    })));
  }

  #upstreams({ text, place, http2, tls }: Target): readonly Upstream[] {
    if ('path' in place) return [{ key: text, address: { path: place.path }, http2 }];
    const { host, port } = place;
    const { read } = this.#options;
    const secured = tls === null ? {} : {
      tls: {
        servername: tls.servername,
        ...(tls.ca === null ? {} : { ca: read(tls.ca) }),
        ...(tls.identity === null ? {} : { cert: read(tls.identity.cert), key: read(tls.identity.key) }),
      },
    };
    const addresses = isAddress(host) ? [host] : this.#options.names.addresses(host);
    return addresses.map((address) => ({ key: addresses.length === 1 && address === host ? text : `${text} ${address}`, address: { host: address, port, ...secured }, http2 }));
  }
}
