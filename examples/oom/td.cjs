// A TD server as tutorials write it: everything goes to the handler through a keep-alive agent with one socket.
const http = require('node:http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

http.createServer((request, response) => {
  const forwarded = http.request({ host: '127.0.0.1', port: Number(process.env.HANDLER), path: request.url, method: request.method, headers: request.headers, agent }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  forwarded.on('error', () => response.destroy());
  request.pipe(forwarded);
}).listen(Number(process.env.PORT), '127.0.0.1');
