// Looking up a name that someone else chose in a plain object: `constructor` is a name like any other.

/** The value of an own key, or undefined. */
export function own<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
