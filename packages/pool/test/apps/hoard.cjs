// Keeps whatever it can get, once asked to: the app that dies of its own memory limit.
const hoard = [];
require('node:http').createServer((request, response) => {
  if (request.url === '/oom') for (;;) hoard.push(new Array(10_000).fill(request.url));
  response.end(JSON.stringify({ pid: process.pid }));
}).listen(Number(process.env.PORT));
