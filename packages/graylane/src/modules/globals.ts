// Two versions in one process share its globals. In development this names those that both have changed, for that is where one
// version reaches into the other. It sees what is set, not what is reached through an object.

const ROOTS: readonly (readonly [string, () => object])[] = [
  ['globalThis', () => globalThis],
  ['process.env', () => process.env],
  ['console', () => console],
  ...[Object, Array, String, Number, Function, Promise, Date, RegExp, Error, Map, Set].map((one) => [`${one.name}.prototype`, () => one.prototype as object] as const),
  ['Math', () => Math],
  ['JSON', () => JSON],
];

/** More names than this, and somebody uses a global as a store: the rest is not looked at. */
const NAMES_LIMIT = 10_000;

type Snapshot = ReadonlyMap<string, unknown>;

export interface SharedGlobal {
  /** `globalThis.cache`, `process.env.MODE`, `Array.prototype.last`. */
  readonly name: string;
  /** In the order in which they changed it. */
  readonly versions: readonly string[];
}

export class GlobalsCheck {
  readonly #changedBy = new Map<string, Set<string>>();
  readonly #told = new Set<string>();
  readonly #tell: (shared: SharedGlobal) => void;

  /** `tell` hears of each global once. */
  constructor(tell: (shared: SharedGlobal) => void) {
    this.#tell = tell;
  }

  /** Runs what belongs to a version and notes what it changes until it returns, or until its promise settles. */
  around<T>(version: string, run: () => T): T {
    const before = snapshot();
    const result = run();
    this.#note(version, before);
    if (result instanceof Promise) {
      const after = snapshot();
      result.then(() => this.#note(version, after), () => this.#note(version, after));
    }
    return result;
  }

  /** What more than one version has changed so far. */
  shared(): readonly SharedGlobal[] {
    return [...this.#changedBy].flatMap(([name, versions]) => versions.size > 1 ? [{ name, versions: [...versions] }] : []);
  }

  #note(version: string, before: Snapshot): void {
    for (const [name, value] of snapshot()) {
      if (before.has(name) && Object.is(before.get(name), value)) continue;
      const versions = this.#changedBy.get(name) ?? new Set();
      versions.add(version);
      if (this.#changedBy.size < NAMES_LIMIT) this.#changedBy.set(name, versions);
      if (versions.size < 2 || this.#told.has(name)) continue;
      this.#told.add(name);
      this.#tell({ name, versions: [...versions] });
    }
  }
}

function snapshot(): Snapshot {
  const found = new Map<string, unknown>();
  for (const [root, of] of ROOTS) {
    const object = of();
    for (const key of Object.getOwnPropertyNames(object)) {
      if (found.size >= NAMES_LIMIT) return found;
      const property: PropertyDescriptor = Object.getOwnPropertyDescriptor(object, key) ?? {};
      // A getter may load what it stands for: only its own identity is looked at.
      found.set(`${root}.${key}`, 'get' in property ? Reflect.get(property, 'get') : property.value);
    }
  }
  return found;
}
