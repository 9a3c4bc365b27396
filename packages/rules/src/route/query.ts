// Query parameters as `URLSearchParams` decodes them, in wire form, without making one.

import { fromBytes, isAscii, toBytes } from '../language/utf8.ts';

/** Calls `visit` for each parameter of a request target in order. */
export function eachParameter(target: string, visit: (name: string, value: string) => void): void {
  const mark = target.indexOf('?');
  if (mark === -1) return;
  for (let start = mark + 1; start < target.length;) {
    const ampersand = target.indexOf('&', start);
    const end = ampersand === -1 ? target.length : ampersand;
    const sign = target.indexOf('=', start);
    const equals = sign === -1 || sign > end ? end : sign;
    if (end > start) visit(decode(target.slice(start, equals)), decode(target.slice(Math.min(equals + 1, end), end)));
    start = end + 1;
  }
}

/** WHATWG URL, application/x-www-form-urlencoded parsing; the result is UTF-8, one character per byte. */
export function decode(text: string): string {
  if (!/[%+\u0080-\uffff]/.test(text)) return text;
  const bytes = toBytes(text).replace(/\+/g, ' ').replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return isAscii(bytes) ? bytes : toBytes(fromBytes(bytes));
}
