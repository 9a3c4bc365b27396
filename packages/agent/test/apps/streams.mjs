// An HTTP/2 server that answers, hangs up and repeats itself in every way, and echoes what is said in tunnels; it counts its
// streams and how they were reset.
import http2 from 'node:http2';

let streams = 0;
let reset = null;
const ways = {
  '/repeats': (stream, raw) => {
    let trailers = [];
    stream.on('trailers', (_headers, _flags, found) => (trailers = found)).resume();
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'x-r': ['1', '2'], 'set-cookie': ['a=1', 'b=2'], 'x-one': '1' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-t': ['1', '2'] }));
      stream.end(JSON.stringify({ raw, trailers }));
    });
  },
  '/undated': (stream) => {
    stream.respond({ ':status': 200 }, { sendDate: false });
    stream.end('undated');
  },
  '/close': (stream) => stream.close(),
  '/close-11': (stream) => stream.close(11),
  '/refuse': (stream) => stream.close(7),
  '/destroy': (stream) => stream.destroy(),
  '/fault': (stream) => stream.destroy(new Error('fault')),
  '/no-file': (stream) => stream.respondWithFile('/missing'),
  '/cut': (stream) => {
    stream.resume().on('end', () => {
      stream.respond({ ':status': 200 });
      stream.write('half', () => stream.destroy(new Error('cut')));
    });
  },
  '/half': (stream) => {
    stream.resume().on('end', () => {
      stream.respond({ ':status': 200, 'content-length': '10' });
      stream.write('half', () => stream.destroy());
    });
  },
  '/destroy-session': (stream) => stream.session.destroy(),
  '/leave': (stream) => {
    stream.session.goaway();
    stream.session.close();
    stream.respond();
    stream.end('left');
  },
  '/silent': (stream) => {
    reset = null;
    stream.on('close', () => (reset = stream.rstCode));
    stream.additionalHeaders({ ':status': 103 });
  },
  '/early': (stream) => {
    reset = null;
    stream.on('close', () => (reset = stream.rstCode));
    stream.respond();
    stream.end('early');
  },
  '/told': (stream) => {
    stream.respond();
    stream.end(JSON.stringify({ streams, reset }));
  },
};
function echo(stream) {
  stream.respond({ ':status': 200, 'x-version': process.env.GRAYLANE_VERSION });
  stream.pipe(stream);
}
function answer(stream, headers, _flags, raw) {
  stream.on('error', () => undefined);
  if (headers[':path'] !== '/told') streams += 1;
  if (headers[':method'] === 'CONNECT') return echo(stream);
  return ways[headers[':path']](stream, raw);
}
const server = http2.createServer({ settings: { enableConnectProtocol: true } });
if (process.env.LISTENS_ON === 'sessions') server.on('session', (session) => session.on('stream', answer));
else server.on('stream', answer);
server.listen(Number(process.env.PORT), '127.0.0.1');
