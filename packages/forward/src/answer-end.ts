// Tells how an answer ended, once, whoever wrote it: this process' own app or an exchange. One listener function for all
// answers and no closure per request: this is the hot path. It counts nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';

export type AnswerEnd = 'complete' | 'aborted' | 'timeout';

export interface EndListener {
  /** `status` is 0 when no head was sent. */
  answerEnded(status: number, end: AnswerEnd): void;
}

/** By name: the agent has this in two files, one that watches and one that knows the course. */
const LISTENER: unique symbol = Symbol.for('graylane.end');
const COURSE: unique symbol = Symbol.for('graylane.end.course');

/** What only the exchange knows of an answer that did not come to its end. */
type Course = 'late' | 'endless';

interface Watched {
  [LISTENER]?: EndListener | undefined;
  [COURSE]?: Course;
}

export function watchAnswer(req: IncomingMessage, res: ServerResponse, listener: EndListener): void {
  (res as Watched)[LISTENER] = listener;
  res.on('close', onClosed);
  // An answer behind others in the pipeline hears nothing of its socket's end on older Nodes; its request does.
  if (res.socket === null) req.once('close', () => { if (req.socket.destroyed) onClosed.call(res); });
}

export function watchStream(stream: ServerHttp2Stream, listener: EndListener): void {
  stream.on('close', () => {
    const status = Number(sent(stream, ':status'));
    const clean = stream.rstCode === 0 && stream.writableFinished;
    listener.answerEnded(status, clean ? endOf(stream) : brokenEndOf(stream, sent(stream, 'content-type')));
  });
}

/** Before a head was sent there is none, whatever its type says. */
function sent(stream: { readonly sentHeaders?: OutgoingHttpHeaders }, name: string): string {
  return String(stream.sentHeaders?.[name] ?? '');
}

/** The upstream, or whoever answers in its place, was too slow. */
export function endsLate(answer: ServerResponse | ServerHttp2Stream): void {
  (answer as Watched)[COURSE] = 'late';
}

/** An event stream: its client leaving it is its end. */
export function endsNever(answer: ServerResponse | ServerHttp2Stream): void {
  (answer as Watched)[COURSE] = 'endless';
}

function onClosed(this: ServerResponse & Watched): void {
  const listener = this[LISTENER];
  if (listener === undefined) return;
  // Assigned, not deleted: an object that loses a property becomes slow.
  this[LISTENER] = undefined;
  listener.answerEnded(this.headersSent ? this.statusCode : 0, this.writableFinished ? endOf(this) : brokenEndOf(this, headOf(this)));
}

/** Of an answer that was handed to the system whole. */
function endOf(answer: object): AnswerEnd {
  return (answer as Watched)[COURSE] === 'late' ? 'timeout' : 'complete';
}

function brokenEndOf(answer: object, head: string): AnswerEnd {
  const course = (answer as Watched)[COURSE];
  if (course === 'late') return 'timeout';
  return course === 'endless' || head.includes('text/event-stream') ? 'complete' : 'aborted';
}

/** As Node put it together, whichever way the app wrote it. */
function headOf(res: ServerResponse): string {
  const head: unknown = Reflect.get(res, '_header');
  return typeof head === 'string' ? head : '';
}
