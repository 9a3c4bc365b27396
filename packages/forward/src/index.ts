export * from './clock.ts';
export * from './failure.ts';
export * from './forwarder.ts';
export type { AnswerView, EditReply, Hop, ReplyEdit, ReplyHead } from './hop.ts';
export * from './limits.ts';
export * from './upstream.ts';
export { proxyHop } from './proxy-hop.ts';
export { valuesOf } from './proxy-request.ts';
