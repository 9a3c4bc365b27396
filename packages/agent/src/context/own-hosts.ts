// Which hosts are the strategy's own services or on its allow-list: nobody else is ever sent a stamp. Knows no request.

/** Authorities that were asked about; an app talks to a handful, a crawler to any number. */
const REMEMBERED = 512;

export class OwnHosts {
  #names: ReadonlySet<string> = new Set();
  /** By the port that an authority without one means. */
  readonly #known = new Map<number, Map<string, boolean>>();

  /** `hosts` are 'name' (any port) or 'name:port'. */
  follow(hosts: readonly string[]): void {
    this.#names = new Set(hosts.map((host) => host.toLowerCase()));
    this.#known.clear();
  }

  /** `authority` as in a `Host` header; `port` is the one that its scheme implies. */
  owns(authority: string, port: number): boolean {
    return this.#names.size > 0 && (this.#known.get(port)?.get(authority) ?? this.#learn(authority, port));
  }

  #learn(authority: string, port: number): boolean {
    const owned = this.#find(authority, port);
    let known = this.#known.get(port);
    if (known === undefined || known.size >= REMEMBERED) this.#known.set(port, known = new Map<string, boolean>());
    known.set(authority, owned);
    return owned;
  }

  #find(authority: string, port: number): boolean {
    const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority.toLowerCase());
    const name = match?.[1]?.replace(/\.$/, '') ?? '';
    return name !== '' && (this.#names.has(name) || this.#names.has(`${name}:${match?.[2] ?? port}`));
  }
}
