// The hop through the gateway: an HTTP proxy by the book (RFC 9110 §7.6), with the connection of each side its own.

import type { Hop } from './hop.ts';
import { proxyInterim, proxyReplyHead, proxySwitch } from './proxy-reply.ts';
import { proxyRequestHead } from './proxy-request.ts';

export const proxyHop: Hop = {
  readMode: 'payload',
  finishesUploads: false,
  requestHead: proxyRequestHead,
  interimText: proxyInterim,
  switchText: proxySwitch,
  replyHead: proxyReplyHead,
};
