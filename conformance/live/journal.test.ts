// The judge of the live suite finds each kind of wrong answer, on made-up answers.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document, WireRequest } from '../evaluator/document.ts';
import type { Answer } from './answer-reader.ts';
import { AnswerReader } from './answer-reader.ts';
import { Journal, parseRoute } from './journal.ts';

const document = (percent: number): Document => ({
  services: { web: { stable: 'v1' } },
  releases: [{ name: 'next', when: [{ cookie: { beta: '1' }, pinned: true }, {}], percent, stickyBy: ['header:x-user'], versions: { web: 'v2' } }],
});
const user: WireRequest = { method: 'GET', target: '/', headers: [['x-user', 'u1']] };
const tester: WireRequest = { method: 'GET', target: '/', headers: [['cookie', 'beta=1']] };

function answer(route: string, build: string, firstByteAt: number, status = 200): Answer {
  return { status, head: `HTTP/1.1 ${status} X\r\nGraylane-Route: ${route}\r\n`, body: JSON.stringify({ build }), firstByteAt };
}

function journal(): Journal {
  const book = new Journal('web');
  book.published(1, document(0), 0, 10);
  book.published(2, document(100), 100, 110);
  return book;
}

interface Case { readonly name: string; readonly request: WireRequest; readonly sentAt: number; readonly answer: Answer; readonly fault: RegExp | null }

const cases: readonly Case[] = [
  { name: 'stable under the generation at hand', request: user, sentAt: 50, answer: answer('service=web, version=v1, gen=1', 'v1', 60), fault: null },
  { name: 'canary under the next one', request: user, sentAt: 105, answer: answer('service=web, version=v2, lane=next, gen=2', 'v2', 107), fault: null },
  { name: 'an empty lane is stable', request: user, sentAt: 50, answer: answer('service=web, version=v1, lane="", gen=1', 'v1', 60), fault: null },
  { name: 'a pinned tester at 0 %', request: tester, sentAt: 50, answer: answer('service=web, version=v2, lane=next, gen=1', 'v2', 60), fault: null },
  { name: 'stable where canary is prescribed', request: user, sentAt: 120, answer: answer('service=web, version=v1, gen=2', 'v1', 130), fault: /lane stable, allowed \["next"\]/ },
  { name: 'a lane that the request is not in', request: user, sentAt: 50, answer: answer('service=web, version=v2, lane=next, gen=1', 'v2', 60), fault: /lane next, allowed \[null\]/ },
  { name: 'a version that is not the lane’s', request: tester, sentAt: 50, answer: answer('service=web, version=v1, lane=next, gen=1', 'v1', 60), fault: /version v1, prescribed v2/ },
  { name: 'another build than the route says', request: user, sentAt: 50, answer: answer('service=web, version=v1, gen=1', 'v2', 60), fault: /served by build v2/ },
  { name: 'a generation before its time', request: user, sentAt: 50, answer: answer('service=web, version=v2, lane=next, gen=2', 'v2', 60), fault: /asked for later/ },
  { name: 'no route', request: user, sentAt: 50, answer: { status: 200, head: 'HTTP/1.1 200 OK\r\n', body: '{}', firstByteAt: 60 }, fault: /no Graylane-Route/ },
  { name: 'an error', request: user, sentAt: 50, answer: answer('service=web, version=v1, gen=1', 'v1', 60, 503), fault: /status 503/ },
];

describe('an answer is judged by the generation it names', () => {
  for (const { name, request, sentAt, answer: given, fault } of cases) {
    it(name, () => {
      const verdict = journal().judge(request, sentAt, given);
      if (fault === null) assert.equal(verdict?.kind, 'right', JSON.stringify(verdict));
      else assert.match(verdict?.kind === 'wrong' ? verdict.fault : 'right', fault);
    });
  }

  it('a generation that is not confirmed yet is judged later', () => {
    assert.equal(journal().judge(user, 120, answer('service=web, version=v1, gen=3', 'v1', 130)), null);
  });

  it('the lag is counted from the answer of the command that replaced it', () => {
    const lagMs = (sentAt: number): unknown => {
      const verdict = journal().judge(user, sentAt, answer('service=web, version=v1, gen=1', 'v1', 130));
      return verdict?.kind === 'right' ? verdict.lagMs : verdict;
    };
    assert.equal(lagMs(125), 15);
    assert.equal(lagMs(105), 0);
  });
});

it('a route is read whatever the order and quotes of its members', () => {
  assert.deepEqual(parseRoute('service=web, version="1.0", lane=a.b, gen=12'), { version: '1.0', lane: 'a.b', generation: 12 });
  assert.deepEqual(parseRoute('gen=3, version=v1'), { version: 'v1', lane: null, generation: 3 });
  assert.equal(parseRoute('version=v1'), null);
});

it('answers are cut out of whatever pieces TCP makes of them', () => {
  const bytes = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n';
  for (let cut = 1; cut < bytes.length; cut++) {
    const reader = new AnswerReader();
    const answers = [...reader.push(bytes.slice(0, cut), 1), ...reader.push(bytes.slice(cut), 2)];
    assert.deepEqual(answers.map(({ status, body }) => [status, body]), [[200, 'ok'], [404, '']]);
    assert.equal(reader.partial, false);
  }
});
