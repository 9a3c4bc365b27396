// A service that makes one call for each request, over kept connections. CommonJS, for the rival instruments nothing else.
const http = require('node:http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const next = { host: 'localhost', port: Number(process.env.NEXT), path: '/', agent };

http.createServer((_, response) => {
  http.get(next, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk) => text += chunk).on('end', () => response.end(text));
  }).on('error', () => response.writeHead(502).end());
}).listen(Number(process.env.PORT), '127.0.0.1');
