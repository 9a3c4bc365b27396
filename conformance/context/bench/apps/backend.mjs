// The service that is called: answers everything with a few bytes.
import http from 'node:http';

http.createServer((request, response) => {
  request.resume();
  response.end('{"ok":true}');
}).listen(Number(process.env.PORT));
