// The plane as it is usually built: an AsyncLocalStorage that is entered per request, and Node's channels. The contrast of
// the isolation test: it has to find here what it must not find in ours.
const { AsyncLocalStorage } = require('node:async_hooks');
const { channel } = require('node:diagnostics_channel');

const storage = new AsyncLocalStorage();

exports.createPlane = () => {
  const add = (set) => { const context = storage.getStore(); if (context !== undefined) set('baggage', context.baggage); };
  channel('http.client.request.created').subscribe(({ request }) => add((name, value) => request.setHeader(name, value)));
  channel('undici:request:create').subscribe(({ request }) => add((name, value) => request.addHeader(name, value)));
  return { enter: (context, _, next) => storage.run(context, next), follow: () => undefined };
};
