// Requests of many different users, seeded: what they carry decides where they belong.

import type { WireRequest } from '../evaluator/document.ts';
import type { Random } from './random.ts';

const USERS = 100_000;

/** What rules of the generated strategies name, and what they do not. */
export function anyRequest(random: Random): WireRequest {
  const headers: [string, string][] = [['Host', 'shop.test']];
  if (random.chance(80)) headers.push(['X-User', `u${random.below(USERS)}`]);
  if (random.chance(30)) headers.push(['x-region', random.pick(['eu', 'us', 'cn', 'eu-west', ''])]);
  if (random.chance(10)) headers.push(['X-Region', 'us']);
  const cookies: string[] = [];
  if (random.chance(20)) cookies.push(`beta=${random.pick(['1', '0', '"1"', ''])}`);
  if (random.chance(30)) cookies.push(`graylane-id=${random.below(1_048_576).toString(16).padStart(5, '0')}`);
  if (random.chance(20)) cookies.push(`theme=${random.pick(['dark', 'light'])}`);
  if (cookies.length > 0) headers.push(['Cookie', cookies.join('; ')]);
  if (random.chance(30)) headers.push(['Accept', random.pick(['text/html', 'application/json', '*/*'])]);
  const path = random.pick(['/', '/cart', '/cart/items', '/cartoon', '/api/v1', '/a%2fb', '/a/../b']);
  const query = random.chance(20) ? `?plan=${random.pick(['pro', 'free', 'p%72o', ''])}` : '';
  return { method: random.pick(['GET', 'GET', 'GET', 'DELETE']), target: path + query, headers };
}

/** One user with a key of their own and nothing else. */
export function keyedRequest(user: number): WireRequest {
  return { method: 'GET', target: '/', headers: [['Host', 'shop.test'], ['X-User', `u${user}`]] };
}

/** The bytes of a request without a body. */
export function bytesOf(request: WireRequest): string {
  let head = `${request.method} ${request.target} HTTP/1.1\r\n`;
  for (const [name, value] of request.headers) head += `${name}: ${value}\r\n`;
  return `${head}\r\n`;
}
