// The hop between two workers of one machine: the client and the far app see each other as if nobody stood between them.

import { HANG_UP_STATUS, HOP_HEADER } from '@graylane/wire';
import { Refusal } from './failure.ts';
import type { Hop } from './hop.ts';
import { transparentHead } from './request-head.ts';
import { fieldOf } from './response-head.ts';
import { closingHead, farKeepsAlive, verbatimHead } from './transparent-reply.ts';

export const transparentHop: Hop = {
  readMode: 'raw',
  finishesUploads: true,
  requestHead: transparentHead,
  interimText: (head) => {
    if (head.status === HANG_UP_STATUS && fieldOf(head, HOP_HEADER) !== null) throw new Refusal('hung-up');
    return verbatimHead(head);
  },
  switchText: (head) => verbatimHead(head),
  replyHead: (head, framing, _req, mayKeep) => {
    const farKeeps = farKeepsAlive(head, framing);
    // A 101 that nobody asked for is passed on, but no other answer may follow it.
    const keep = farKeeps && mayKeep && head.status !== 101;
    return { text: farKeeps && !keep ? closingHead(head) : verbatimHead(head), keep, mayStay: farKeeps, chunked: false };
  },
};
