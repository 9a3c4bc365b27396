// A visitor: one request on a connection of its own.

import { get } from 'node:http';

/** The body of the answer. */
export function ask(port: number, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      response.on('end', () => resolve(body));
    }).on('error', reject);
  });
}
