// Which service a request is for, by the name that it asks for. Pure.

/** A name in `Host` or `:authority`, without its port, in lower case. */
function hostName(authority: string): string {
  const bracket = authority.indexOf(']');
  const colon = authority.indexOf(':', bracket === -1 ? 0 : bracket);
  return (colon === -1 ? authority : authority.slice(0, colon)).toLowerCase();
}

export interface Named<T> {
  readonly hosts: readonly string[];
  readonly value: T;
}

export class Hosts<T> {
  readonly #exact = new Map<string, T>();
  readonly #below = new Map<string, T>();
  readonly #rest: T | null;

  /** Who names no host gets what nobody else has; one alone gets everything. */
  constructor(all: readonly Named<T>[]) {
    for (const { hosts, value } of all) {
      for (const host of hosts) {
        if (host.startsWith('*.')) this.#below.set(host.slice(1), value);
        else this.#exact.set(host, value);
      }
    }
    const nameless = all.filter(({ hosts }) => hosts.length === 0);
    this.#rest = nameless[0]?.value ?? (all.length === 1 ? all[0]?.value ?? null : null);
  }

  /** The exact name, else the longest `*.` that covers it, else the rest; null when there is none. */
  find(authority: string): T | null {
    if (this.#exact.size === 0 && this.#below.size === 0) return this.#rest;
    const name = hostName(authority);
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const below = this.#below.get(name.slice(dot));
      if (below !== undefined) return below;
    }
    return this.#rest;
  }
}
