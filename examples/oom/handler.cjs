// The handler behind: it takes a second for everything.
require('node:http').createServer((request, response) => setTimeout(() => response.end('done\n'), 1_000)).listen(Number(process.env.PORT), '127.0.0.1');
