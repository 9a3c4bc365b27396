// `npm run conformance:h2spec [program]`: what summerwind/h2spec, which is not ours, says of the gateway's listeners, with and without
// TLS. Fails on whatever it finds beyond the cases below. It needs the program h2spec, built from its source with Go.

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { systemClock } from '@graylane/forward';
import { Edge } from '@graylane/gateway';
import type { EdgeListener, Target } from '@graylane/gateway';
import { makeCertificate } from './certificate.ts';

const DISCARDED = 'what comes on a closed stream is discarded (RFC 9113 §5.1)';
const NO_PRIORITIES = 'there are no priorities any more (RFC 9113 §5.3), and nothing of their frames is read';

/** Its cases are of RFC 7540; what nghttp2, which reads the frames for Node, decides otherwise, and why. */
const KNOWN: Readonly<Record<string, string>> = {
  'http2/3.5 Sends invalid connection preface': 'a listener without TLS speaks HTTP/1.1, too: 400',
  'http2/5.1 closed: Sends a DATA frame after sending RST_STREAM frame': DISCARDED,
  'http2/5.1 closed: Sends a HEADERS frame after sending RST_STREAM frame': DISCARDED,
  'http2/5.1 closed: Sends a DATA frame': DISCARDED,
  'http2/5.1 closed: Sends a HEADERS frame': DISCARDED,
  'http2/5.1.1 Sends stream identifier that is numerically smaller than previous': DISCARDED,
  'http2/5.3.1 Sends PRIORITY frame that depend on itself': NO_PRIORITIES,
  'http2/6.3 Sends a PRIORITY frame with 0x0 stream identifier': NO_PRIORITIES,
  'http2/6.7 Sends a PING frame with ACK': 'Node ends a connection that answers what nobody asked',
  'http2/6.9.1 Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream': 'Node ends the connection, not the stream alone',
};

interface Case {
  readonly name: string;
  readonly failure: string | null;
}

const program = process.argv[2] ?? 'h2spec';
const folder = mkdtempSync(join(tmpdir(), 'glh-'));
const app = createServer((req, res) => void req.resume().on('end', () => res.end('fine'))).listen(join(folder, 'a.sock'));
await once(app, 'listening');
const edge = await startEdge();
let unknown = 0;
try {
  const [plain, secured] = await edge.listen(() => ({ port: 0, host: '127.0.0.1' }));
  for (const [title, address, flags] of [['without TLS', plain, []], ['behind TLS', secured, ['-t', '-k']]] as const) {
    const cases = await ask((address as AddressInfo).port, flags);
    const failed = cases.filter(({ failure }) => failure !== null);
    console.log(`${title}: ${cases.length} cases, ${cases.length - failed.length} as h2spec wants them`);
    for (const { name, failure } of failed) {
      const why = KNOWN[name];
      if (why === undefined) unknown++;
      console.log(`  ${why === undefined ? 'UNKNOWN' : 'known'}: ${name}: ${why ?? failure}`);
    }
  }
} finally {
  edge.close();
  app.close();
  app.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}
if (unknown > 0) process.exitCode = 1;

async function startEdge(): Promise<Edge> {
  const { certFile, keyFile } = makeCertificate(folder, 'site', ['127.0.0.1']);
  const target: Target = { text: 'app', place: { path: join(folder, 'a.sock') }, http2: false, tls: null };
  const plain: EdgeListener = { place: { slot: 0 }, tls: null, http2: true, proxyProtocol: null, service: 'web' };
  const secured: EdgeListener = { ...plain, place: { slot: 1 }, tls: { certificates: [{ cert: certFile, key: keyFile }], minVersion: 'TLSv1.2', clientCa: null } };
  const started = new Edge({
    listeners: [plain, secured], limits: {}, accessLog: null, dnsServers: [], certificatesEveryMs: 60_000, ticketKeys: null,
    services: [{ name: 'web', stable: 'v1', hosts: [], trust: 'edge', health: null, mirrors: [], versions: { v1: [target] } }],
  }, {
    pid: process.pid, read: (file) => readFileSync(file, 'utf8'), clock: systemClock, wallClock: Date.now, random: Math.random,
    resolve: () => Promise.reject(new Error('no names')), onEvent: () => undefined,
  });
  await started.prepare();
  return started;
}

/** Each of h2spec's server cases. */
async function ask(port: number, flags: readonly string[]): Promise<readonly Case[]> {
  const report = join(folder, `${port}.xml`);
  const child = spawn(program, ['-h', '127.0.0.1', '-p', String(port), '-S', '-o', '1', '-j', report, ...flags, 'generic', 'http2', 'hpack'], { stdio: 'ignore' });
  await once(child, 'close');
  return [...readFileSync(report, 'utf8').matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([^]*?)<\/testcase>/g)].map(([, section = '', title = '', inside = '']) => ({
    name: `${section} ${title}`,
    failure: /<(?:error|failure)>([^]*?)</.exec(inside)?.[1]?.replaceAll(/\s+/g, ' ') ?? null,
  }));
}
