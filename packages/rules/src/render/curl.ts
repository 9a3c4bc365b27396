// A witness as a curl command that can be pasted into a shell.

import type { Witness } from '../analyse/finding.ts';
import { fromBytes, toBytes } from '../language/utf8.ts';

/** `origin` such as `http://localhost:8080`. */
export function curlLine(witness: Witness, origin: string): string {
  const headers = witness.headers.filter(([name, value]) => !(name === 'host' && value === 'localhost')).map(([name, value]) => `-H ${shellText(value === '' ? `${name};` : `${name}: ${value}`)}`);
  const method = witness.method === 'GET' ? [] : witness.method === 'HEAD' ? ['-I'] : ['-X', shellText(witness.method)];
  return ['curl', '-s', '--path-as-is', ...method, ...headers, shellText(`${origin}${witness.target}`)].join(' ');
}

/** Quoted for a POSIX shell; bytes that are no text are written in octal. */
function shellText(bytes: string): string {
  const text = fromBytes(bytes);
  const printable = toBytes(text) === bytes && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
  if (printable) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${bytes.replace(/[^ -&(-[\]-~]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`)}'`;
}
