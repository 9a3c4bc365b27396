// Properties that stand over those of Node's own objects, as reading code expects to find them.

export function getter(get: () => unknown): PropertyDescriptor {
  // A setter that ignores: Node assigns some of them, and a class field of the app's may too.
  return { get, set: () => undefined, enumerable: true, configurable: true };
}

export function method(value: (...args: never[]) => unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: false, configurable: true };
}
