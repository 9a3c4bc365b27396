// What differs in suites of other projects when every request is forwarded, whichever way, and why it is meant to. The
// reasons stand among the limits in docs/agent.md, and their counts in a table there.

interface Difference {
  readonly why: string;
  /** By suite: files, or tests by their titles. */
  readonly where: Readonly<Record<string, readonly string[]>>;
}

const KNOWN: readonly Difference[] = [
  {
    why: 'push, settings, pings, GOAWAY, ALTSVC, ORIGIN, frames and the fate of an HTTP/2 session are between an app and the agent that forwards',
    where: {
      Node: [
        'test-http2-altsvc.js', 'test-http2-capture-rejection.js', 'test-http2-client-data-end.js', 'test-http2-client-settings-before-connect.js',
        'test-http2-compat-serverresponse-createpushresponse.js', 'test-http2-create-client-secure-session.js', 'test-http2-dont-lose-data.js',
        'test-http2-exceeds-server-trailer-size.js', 'test-http2-goaway-opaquedata.js', 'test-http2-misbehaving-multiplex.js', 'test-http2-onping.js',
        'test-http2-options-max-reserved-streams.js', 'test-http2-origin.js', 'test-http2-pack-end-stream-flag.js',
        'test-http2-propagate-session-destroy-code.js', 'test-http2-respond-file-push.js',
        'test-http2-server-push-stream.js', 'test-http2-server-push-stream-errors.js', 'test-http2-server-push-stream-errors-args.js',
        'test-http2-server-push-stream-head.js', 'test-http2-server-shutdown-before-respond.js', 'test-http2-server-shutdown-options-errors.js',
        'test-http2-server-shutdown-redundant.js', 'test-http2-server-socket-destroy.js', 'test-http2-server-stream-session-destroy.js',
        'test-http2-session-settings.js',
      ],
    },
  },
  { why: 'lines of one name are sent together over HTTP/2', where: { Node: ['test-http2-raw-headers.js', 'test-http2-raw-headers-defaults.js'] } },
  {
    why: 'an app hears of private connections and counts them; requests that came on one connection may come on several',
    where: {
      Node: [
        'test-http-keep-alive-drop-requests.js', 'test-http-pipeline-flood.js', 'test-http-pipeline-socket-parser-typeerror.js',
        'test-http-server-close-all.js', 'test-http-server-close-idle.js', 'test-http-set-timeout-server.js',
        'test-https-keep-alive-drop-requests.js', 'test-https-set-timeout-server.js',
      ],
      'on-finished': ['onFinished(req, listener) when requests pipelined should handle socket errors'],
    },
  },
  {
    why: 'bytes that are no HTTP are read where the client\'s connection is',
    where: {
      Node: ['test-http-blank-header.js', 'test-http-chunked-smuggling.js', 'test-http-server-unconsume.js', 'test-http-upgrade-server.js'],
      Fastify: ['default clientError replies with bad request on reused keep-alive connection'],
      'on-finished': ['CONNECT method', 'Upgrade request'].flatMap((what) => [
        `onFinished(req, listener) when ${what} should fire when request finishes`,
        `onFinished(req, listener) when ${what} should fire when called after finish`,
        `isFinished(req) when ${what} should be true after request finishes`,
      ]),
    },
  },
  { why: 'a message that can be read in two ways is refused on the way', where: { Node: ['test-http-response-multi-content-length.js', 'test-http-transfer-encoding-repeated-chunked.js'] } },
  { why: 'a client that leaves is noticed one hop later', where: { Node: ['test-http-writable-true-after-close.js'], Express: ['res .sendFile(path, fn) should invoke the callback when client aborts'] } },
  { why: 'what an app does to a connection after its answer stays with the private one', where: { Node: ['test-http-agent-keepalive.js'] } },
  { why: '`node:http` is loaded before the app', where: { Node: ['test-http-parser-lazy-loaded.js'] } },
];

/** The rows of the table. */
export function rows(): readonly string[] {
  return KNOWN.map(({ why, where }) => `| ${why} | ${Object.entries(where).map(([suite, names]) => `${suite} ${names.length}`).join(', ')} |`);
}

const reasons = new Map(KNOWN.flatMap(({ why, where }) => Object.values(where).flatMap((names) => names.map((name) => [name, why] as const))));

/** Of a test of a file, or of the file itself (''), which fails with its tests; null for what is not known. */
export function reasonFor(file: string, title: string): string | null {
  return reasons.get(title) ?? reasons.get(file.slice(file.lastIndexOf('/') + 1)) ?? null;
}
