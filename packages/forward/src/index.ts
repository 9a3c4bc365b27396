// What agent and gateway need to move exchanges between clients and upstreams. Tokens, the seal of stamps and relays are apart: few need them.

export { answerUnderWay, inTurn } from './client-turn.ts';
export { isForwarded, refuseRest } from './client-watch.ts';
export * from './clock.ts';
export * from './exposure-watch.ts';
export * from './failure.ts';
export * from './forwarder.ts';
export { supportsRaw } from './reply.ts';
export type { AnswerView, EditReply, Hop, ReplyEdit, ReplyHead } from './hop.ts';
export * from './limits.ts';
export { endGently, isClosing } from './linger.ts';
export { answerFailure, ownText } from './own-answer.ts';
export * from './upstream.ts';
export { proxyHop } from './proxy-hop.ts';
export { turnOf } from './pipeline.ts';
export { valuesOf } from './proxy-request.ts';
export type { ExchangeContext } from './exchange-context.ts';
export type { Group } from './group.ts';
