// The thread that analyses and compiles: it answers one question after the other and knows nothing else.

import { parentPort } from 'node:worker_threads';
import { analyse, compile, parseStrategy } from '@graylane/rules';
import type { Answer, Answered, Asked, Question } from './analysis-messages.ts';

parentPort?.on('message', ({ id, question }: Asked) => {
  const answered: Answered = { id, answer: answerTo(question) };
  parentPort?.postMessage(answered);
});

function answerTo(question: Question): Answer {
  try {
    if (question.kind === 'analyse') return { kind: 'findings', findings: analyse(question.strategy, { budget: question.budget }) };
    const parsed = parseStrategy(question.document);
    return parsed.ok ? { kind: 'snapshot', snapshot: compile(parsed.strategy) } : { kind: 'invalid', errors: parsed.errors };
  } catch (error) {
    return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
  }
}
