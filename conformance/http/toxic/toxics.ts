// The ways in which an upstream can be poison, each as an answer of a bare socket.

import type { Answer } from '../kit/raw-upstream.ts';

const GOOD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: y\r\n\r\n';

export interface Toxic {
  readonly name: string;
  readonly answer: Answer;
}

/** Octets between the writes of a slow one. */
const DRIP_MS = 5;

/** `random` decides where each of them breaks. */
export function toxics(random: () => number): readonly Toxic[] {
  return [
    { name: 'good', answer: (socket) => void socket.write(GOOD) },
    { name: 'cut at any octet', answer: (socket) => {
      socket.write(GOOD.slice(0, Math.floor(random() * GOOD.length)));
      setImmediate(() => socket.destroy());
    } },
    { name: 'drip', answer: (socket) => {
      let at = 0;
      const drip = setInterval(() => {
        if (socket.destroyed || at >= GOOD.length) clearInterval(drip);
        else socket.write(GOOD[at++] ?? '');
      }, DRIP_MS);
    } },
    { name: 'half-open', answer: () => undefined },
    { name: 'garbage', answer: (socket) => {
      socket.on('error', () => undefined);
      socket.write(Buffer.from(Array.from({ length: 2_000 }, () => Math.floor(random() * 256))));
    } },
    { name: 'a head without end', answer: (socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = setInterval(() => {
        if (socket.destroyed) clearInterval(more);
        else socket.write(`X: ${'y'.repeat(4_000)}\r\n`);
      }, 1);
    } },
    { name: 'a flood of 1xx', answer: (socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(500));
    } },
    { name: 'two answers', answer: (socket) => void socket.write(GOOD + GOOD) },
    { name: 'closes after', answer: (socket) => void socket.end(GOOD) },
    { name: 'answers late', answer: (socket) => void setTimeout(() => socket.write(GOOD), 400) },
  ];
}
