// The strategy, what a write did to it and what the analysis says of it, as the API gives them.

export const strategyRecords = {
  Strategy: {
    type: 'object',
    description: 'The live strategy.',
    properties: {
      revision: { type: 'integer', description: 'Rises by one with each change; also the ETag.' },
      generation: { type: 'integer', description: 'The published strategy that data planes route by.' },
      at: { type: 'string', description: 'When it was written, ISO 8601.' },
      who: { type: 'string' },
      why: { type: ['string', 'null'] },
      document: { type: 'object', description: 'As in the config file.' },
    },
    required: ['revision', 'generation', 'at', 'who', 'why', 'document'],
  },
  Change: {
    type: 'object',
    description: 'One difference between two documents.',
    properties: {
      pointer: { type: 'string', description: 'JSON pointer; entries of named lists by name.' },
      kind: { type: 'string', enum: ['added', 'removed', 'changed'] },
      before: {},
      after: {},
    },
    required: ['pointer', 'kind'],
  },
  Difference: {
    type: 'object',
    description: 'A document against the live strategy.',
    properties: {
      revision: { type: 'integer' },
      changes: { type: 'array', items: { $ref: '#/components/schemas/Change' }, description: 'What the document would change.' },
      live: { type: 'array', items: { $ref: '#/components/schemas/Change' }, description: 'What was changed live since a whole document was last applied.' },
    },
    required: ['revision', 'changes', 'live'],
  },
  Finding: {
    type: 'object',
    description: 'What the analysis has to say about a strategy.',
    properties: {
      kind: { type: 'string' },
      code: { type: 'string' },
      level: { type: 'string', enum: ['error', 'warning', 'info'] },
      message: { type: 'string' },
      pointer: { type: 'string' },
      fix: { type: 'string' },
      cause: { type: 'string' },
      witness: { description: 'A request that shows it.' },
      step: { type: 'string', description: 'The step of a plan at which it appears; absent when it is there now.' },
    },
    required: ['code', 'level', 'message', 'pointer'],
  },
  Applied: {
    type: 'object',
    description: 'What a write did, or with dryRun would do.',
    properties: {
      revision: { type: 'integer' },
      generation: { type: 'integer' },
      dryRun: { type: 'boolean' },
      changes: { type: 'array', items: { $ref: '#/components/schemas/Change' } },
      findings: { type: 'array', items: { $ref: '#/components/schemas/Finding' } },
      notes: { type: 'array', items: { type: 'string' }, description: 'What the caller may not expect, one line each.' },
      acked: { type: 'integer', description: 'Workers that route by the new generation.' },
      stale: { type: 'array', items: { type: 'string' }, description: 'Workers that did not answer in time; they are no longer an entry.' },
      tookMs: { type: 'number', description: 'From the commit to the last acknowledgement awaited.' },
      release: { type: 'string', description: 'The release that a canary got.' },
    },
    required: ['revision', 'generation', 'dryRun', 'changes', 'findings', 'notes', 'acked', 'stale', 'tookMs'],
  },
} as const;
