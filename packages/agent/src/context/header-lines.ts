// Header lines in a head that is text already. It knows no particular header.

/** All values of a header, joined; null without it. */
export function valuesIn(head: string, name: string): string | null {
  const values = [...head.matchAll(linesOf(name))].map(([, value = '']) => value.trim());
  return values.length === 0 ? null : values.join(', ');
}

/** `lines` end with the line break of the last one. */
export function withoutLines(lines: string, name: string): string {
  return lines.replaceAll(linesOf(name), '');
}

/** A finished head, with one line of that name in place of all; '' for none. */
export function withLine(head: string, name: string, value: string): string {
  return withLineMore(withoutLines(head, name), name, value);
}

/** The same for a head that has no line of that name. */
export function withLineMore(head: string, name: string, value: string): string {
  // A head ends with an empty line; ours goes before it.
  return value === '' ? head : `${head.slice(0, -2)}${name}: ${value}\r\n\r\n`;
}

function linesOf(name: string): RegExp {
  return new RegExp(`(?<=^|\\r\\n)${name.replaceAll(/[^\w-]/g, '\\$&')}:([^\\r\\n]*)\\r\\n`, 'gi');
}
