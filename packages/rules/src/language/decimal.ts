// Decimal numbers as text, compared digit by digit: a double would call 9007199254740993 and 9007199254740992 equal.

const DECIMAL = /^-?\d+(\.\d+)?$/;

export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/** Below, equal or above 0 as `a` is below, equal to or above `b`. Both must be decimals. */
export function compareDecimals(a: string, b: string): number {
  const left = parts(a);
  const right = parts(b);
  if (left.sign !== right.sign) return left.sign - right.sign;
  return left.sign * compareMagnitude(left, right);
}

interface Parts { readonly sign: -1 | 0 | 1; readonly whole: string; readonly fraction: string }

function parts(text: string): Parts {
  const negative = text.startsWith('-');
  const [digits = '', decimals = ''] = (negative ? text.slice(1) : text).split('.');
  const whole = digits.replace(/^0+/, '');
  const fraction = trimZeros(decimals);
  return { sign: whole === '' && fraction === '' ? 0 : negative ? -1 : 1, whole, fraction };
}

/** A loop, for `/0+$/` is quadratic on long runs of zeros inside. */
function trimZeros(decimals: string): string {
  let end = decimals.length;
  while (end > 0 && decimals[end - 1] === '0') end -= 1;
  return decimals.slice(0, end);
}

function compareMagnitude(a: Parts, b: Parts): number {
  if (a.whole.length !== b.whole.length) return a.whole.length - b.whole.length;
  if (a.whole !== b.whole) return a.whole < b.whole ? -1 : 1;
  if (a.fraction === b.fraction) return 0;
  return a.fraction < b.fraction ? -1 : 1;
}
