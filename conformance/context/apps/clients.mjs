// Each client library makes the same requests as `ann`; prints by client what arrived, with `[ann]` for that user's stamp.
import http from 'node:http';
import grpc from '@grpc/grpc-js';
import axios from 'axios';
import got from 'got';
import nodeFetch from 'node-fetch';
import superagent from 'superagent';
import * as undici from 'undici';
import { ask, end, faults, handlers, linesOf, mirror, seen } from '../../../packages/agent/test/context/apps/rig.mjs';

const server = http.createServer();
const port = await mirror(server);
const own = `http://localhost:${port}`;
const foreign = `http://127.0.0.1:${port}`;
const pool = new undici.Pool(own, { connections: 1 });

/** A URL and headers in, the mirror's answer out. */
const clients = {
  'axios': async (url, headers) => (await axios.get(url, { headers })).data,
  'axios on fetch': async (url, headers) => (await axios.get(url, { headers, adapter: 'fetch' })).data,
  'got': (url, headers) => got(url, { headers }).json(),
  'node-fetch': async (url, headers) => (await nodeFetch(url, { headers })).json(),
  'superagent': async (url, headers) => (await superagent.get(url).set(headers)).body,
  'undici fetch': async (url, headers) => (await undici.fetch(url, { headers })).json(),
  'undici request': async (url, headers) => (await undici.request(url, { headers, dispatcher: following })).body.json(),
  'undici pool': async (url, headers) => (await pool.request({ path: new URL(url).pathname, method: 'GET', headers, origin: new URL(url).origin })).body.json(),
};
const following = new undici.Agent().compose(undici.interceptors.redirect({ maxRedirections: 3 }));
/** A pool has one origin and follows nothing. */
const onOwnHostOnly = ['undici pool'];

const outcomes = {};
for (const [name, get] of Object.entries(clients)) {
  const baggage = async (url, headers = {}) => (await get(url, headers)).baggage;
  handlers.set('/client', async () => ({
    own: await baggage(own),
    merged: await baggage(own, { baggage: 'a=1' }),
    ...(onOwnHostOnly.includes(name) ? {} : {
      foreign: await baggage(foreign, { baggage: 'a=1,graylane.lane=x' }),
      redirected: [await baggage(`${own}/to/${encodeURIComponent(foreign)}`), seen.splice(0).map((hop) => hop.baggage)],
    }),
  }));
  outcomes[name] = await ask('/client', 'ann');
}

// gRPC: twenty users call before there is a connection; each call, and what its callback does, is its user's.
const service = { Ask: { path: '/test.Mirror/Ask', requestStream: false, responseStream: false, requestSerialize: Buffer.from, requestDeserialize: String, responseSerialize: Buffer.from, responseDeserialize: String } };
const grpcServer = new grpc.Server();
grpcServer.addService(service, { Ask: (call, done) => done(null, String(call.metadata.get('baggage').join('|'))) });
const grpcPort = await new Promise((resolve, reject) => grpcServer.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (fault, bound) => (fault ? reject(fault) : resolve(bound))));
const Client = grpc.makeGenericClientConstructor(service, 'Mirror');
const [client, stranger] = ['localhost', '127.0.0.1'].map((host) => new Client(`${host}:${grpcPort}`, grpc.credentials.createInsecure()));
const call = (who, metadata) => new Promise((resolve, reject) => who.Ask('x', metadata, async (fault, answer) => (fault ? reject(fault) : resolve([answer, await clients.axios(own, {})]))));
handlers.set('/grpc', async () => {
  const [answer, { baggage }] = await call(client, new grpc.Metadata());
  return [answer, baggage];
});
const users = Array.from({ length: 20 }, (_, user) => `u${user}`);
const answers = await Promise.all(users.map((user) => ask('/grpc', user)));
outcomes['grpc of twenty users'] = answers.every(([stamp, baggage], user) => stamp.includes(`user=u${user},`) && baggage.length === 1 && baggage[0] === stamp) || answers;
handlers.set('/grpc-one', async () => {
  const metadata = new grpc.Metadata();
  metadata.set('baggage', 'a=1');
  return [(await call(client, metadata))[0], (await call(stranger, metadata))[0]];
});
outcomes['grpc'] = await ask('/grpc-one', 'ann');
outcomes['faults'] = faults;

console.log(JSON.stringify(outcomes).replaceAll(/graylane\.lane=lane-(\w+),graylane\.gen=7,graylane\.tags=user=\w+,graylane\.sig=seal/g, '[$1]'));
end();
process.exit();
