// The service that makes one call for each request, with both connections in memory: it plays N requests to itself when it is
// asked for /play/N, and answers with what they cost. Without a kernel and a peer, what is left is what the process computes.
const http = require('node:http');
const { Duplex } = require('node:stream');

const CLIENTS = 32;
const USERS = 100_000;
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n{"ok":true}');
const cookies = Array.from({ length: 9 }, (_, at) => `cookie-${at}=value-${at}`).join('; ');
const fields = Array.from({ length: 18 }, (_, at) => `x-field-${at}: value-${at}\r\n`).join('');

/** One end of a connection; `heard` gets what the process writes to it. */
class Wire extends Duplex {
  constructor(heard) {
    super();
    this.heard = heard;
    this.remoteAddress = '127.0.0.1';
    for (const name of ['setTimeout', 'setNoDelay', 'setKeepAlive', 'ref', 'unref']) this[name] = () => this;
  }
  _read() {}
  _write(chunk, _, done) {
    this.heard(chunk);
    done();
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
agent.createConnection = () => {
  const wire = new Wire(() => setImmediate(() => wire.push(ANSWER)));
  return wire;
};
const next = { host: 'localhost', port: 80, path: '/', agent };

const server = http.createServer((request, response) => {
  const requests = /^\/play\/(\d+)$/.exec(request.url)?.[1];
  if (requests !== undefined) return void play(Number(requests)).then((micros) => response.end(String(micros)));
  http.get(next, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk) => text += chunk).on('end', () => response.end(text));
  }).on('error', () => response.writeHead(502).end());
}).listen(Number(process.env.PORT), '127.0.0.1');

let sent = 0;
function head() {
  sent += 1;
  return Buffer.from(`GET /?n=${sent} HTTP/1.1\r\nHost: shop.example\r\nCookie: ${cookies}; uid=${sent % USERS}\r\n${fields}\r\n`);
}

/** Microseconds of CPU for one of `requests`. */
async function play(requests) {
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: CLIENTS }, () => playClient(requests / CLIENTS)));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

function playClient(requests) {
  return new Promise((resolve, reject) => {
    let left = requests;
    const wire = new Wire((chunk) => {
      if (!chunk.toString('latin1').startsWith('HTTP/1.1 200 ')) reject(new Error(`answered: ${chunk}`));
      left -= 1;
      setImmediate(() => {
        if (left > 0) return void wire.push(head());
        wire.destroy();
        resolve();
      });
    });
    server.emit('connection', wire);
    wire.push(head());
  });
}
