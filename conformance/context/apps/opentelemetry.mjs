// An app under OpenTelemetry's automatic instrumentation and the plane at once: what comes in with members of both is called
// on with both, once each, and with nothing of ours to a foreign host.
import http from 'node:http';
import { ask, end, faults, handlers, linesOf, mirror } from '../../../packages/agent/test/context/apps/rig.mjs';

const server = http.createServer();
const port = await mirror(server);
const [own, foreign] = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
const viaFetch = async (url) => (await (await fetch(url)).json()).baggage;
const viaHttp = (url) => new Promise((resolve, reject) => http.get(url, async (response) => {
  let text = '';
  for await (const chunk of response) text += chunk;
  resolve(JSON.parse(text).baggage);
}).on('error', reject));

handlers.set('/both', async (request) => ({ came: linesOf(request.rawHeaders, 'baggage').length, fetch: await viaFetch(own), http: await viaHttp(own), foreignFetch: await viaFetch(foreign), foreignHttp: await viaHttp(foreign) }));
const stamp = 'graylane.lane=lane-ann,graylane.gen=7,graylane.tags=user=ann,graylane.sig=seal';
const outcome = await ask('/both', 'ann', '', { baggage: `${stamp},userId=alice` });
console.log(JSON.stringify({ ...outcome, faults }).replaceAll(stamp, '[ann]'));
end();
process.exit();
