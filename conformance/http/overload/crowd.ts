// Many clients that each send a request, wait for its answer, and send the next one at once; what autocannon does, bounded.

import * as net from 'node:net';

export interface Sample {
  /** Milliseconds since the crowd came. */
  readonly at: number;
  readonly ms: number;
  readonly status: number;
}

export interface CrowdOptions {
  readonly port: number;
  readonly clients: number;
  readonly durationMs: number;
  /** A client pauses this long after a refusal: without it the crowd would only measure how fast it can be refused. */
  readonly pauseMs: number;
  /** A client gives up after this and comes back, as autocannon does. */
  readonly patienceMs: number;
}

export interface CrowdReport {
  readonly samples: readonly Sample[];
  readonly timeouts: number;
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

export async function crowd(options: CrowdOptions): Promise<CrowdReport> {
  const { clients, durationMs } = options;
  const started = performance.now();
  const samples: Sample[] = [];
  let timeouts = 0;
  const over = (): boolean => performance.now() - started >= durationMs;
  const one = async (): Promise<void> => {
    while (!over()) {
      const gaveUp = await visit(options, started, samples, over);
      timeouts += gaveUp;
    }
  };
  await Promise.all(Array.from({ length: clients }, one));
  return { samples, timeouts };
}

/** One connection, from coming to leaving; how often it gave up. */
function visit({ port, durationMs, pauseMs, patienceMs }: CrowdOptions, started: number, samples: Sample[], over: () => boolean): Promise<number> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let sent = 0;
    let patience: NodeJS.Timeout | undefined;
    let gaveUp = 0;
    const end = setTimeout(() => socket.destroy(), Math.max(0, started + durationMs - performance.now()));
    const send = (): void => {
      if (over() || socket.destroyed) {
        socket.destroy();
        return;
      }
      sent = performance.now();
      socket.write(REQUEST);
      clearTimeout(patience);
      patience = setTimeout(() => {
        gaveUp = 1;
        socket.destroy();
      }, patienceMs);
    };
    socket.on('connect', send);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const status = Number(chunk.toString('latin1', 9, 12));
      samples.push({ at: sent - started, ms: performance.now() - sent, status });
      if (status === 200) send();
      else setTimeout(send, pauseMs);
    });
    socket.on('close', () => {
      clearTimeout(patience);
      clearTimeout(end);
      resolve(gaveUp);
    });
  });
}
