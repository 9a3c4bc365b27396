// Calls NEXT for each request, once its body is there, and answers with what it asked the public API and what NEXT said.
import http from 'node:http';
import { channel } from 'node:diagnostics_channel';

const { lane, tags, carry } = await import(process.env.CONTEXT_API);

/** What the plane leaves in a process. */
function hooks() {
  return {
    channel: channel('undici:request:create').hasSubscribers,
    requests: Object.hasOwn(http.ClientRequest.prototype, 'emit'),
    messages: Object.hasOwn(http.IncomingMessage.prototype, 'emit'),
    shared: Reflect.has(globalThis, Symbol.for('graylane.context')),
  };
}

http.createServer((request, response) => {
  request.resume().on('end', () => {
    void fetch(process.env.NEXT).then((answer) => answer.json()).then((next) => {
      response.end(JSON.stringify({ version: process.env.GRAYLANE_VERSION, lane: lane(), tags: tags(), carried: Object.keys(carry()), hooks: hooks(), next }));
    });
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
