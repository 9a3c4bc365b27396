// What the statistics say about a release, and the counts that they say it on, as the API gives them.

export const verdictRecords = {
  Interval: {
    type: 'object',
    description: 'An estimate between two bounds that hold at every look; null where nothing can be said.',
    properties: { estimate: { type: ['number', 'null'] }, low: { type: ['number', 'null'] }, high: { type: ['number', 'null'] } },
    required: ['estimate', 'low', 'high'],
  },
  ArmEvidence: {
    type: 'object',
    properties: {
      n: { type: 'integer', description: 'Users, requests or blocks, as `unit` says.' },
      bad: { type: ['integer', 'null'] },
      estimate: { type: ['number', 'null'], description: 'The share of bad ones, a quantile, or a mean value.' },
    },
    required: ['n', 'bad', 'estimate'],
  },
  Evidence: {
    type: 'object',
    description: 'What a verdict says of one guardrail; docs/verdict.md explains it.',
    properties: {
      guardrail: { type: 'string' },
      kind: { type: 'string', enum: ['share', 'quantile', 'metric'] },
      unit: { type: 'string', enum: ['user', 'request', 'block'] },
      treated: { $ref: '#/components/schemas/ArmEvidence' },
      control: { $ref: '#/components/schemas/ArmEvidence' },
      ratio: { $ref: '#/components/schemas/Interval', description: 'Treated to control.' },
      limit: { type: 'number', description: 'The ratio that is allowed; harm when `ratio.low` is above it.' },
      difference: { oneOf: [{ $ref: '#/components/schemas/Interval' }, { type: 'null' }], description: 'Treated minus control; of shares only.' },
      differenceLimit: { type: ['number', 'null'], description: 'The difference that is allowed.' },
      alpha: { type: 'number', description: 'Its part of the error budget.' },
      logEvidence: { type: ['number', 'null'], description: 'How far the evidence of harm has come, as a natural logarithm; null where harm is read off intervals.' },
      needed: { type: 'number', description: 'What `logEvidence` has to reach.' },
      crossed: { description: 'When harm was found, and the counts then; null before.' },
      bounded: { type: ['string', 'null'], enum: ['ratio', 'difference'], description: 'By which margin harm is bounded now.' },
    },
    required: ['guardrail', 'kind', 'unit', 'treated', 'control', 'ratio', 'limit', 'difference', 'differenceLimit', 'alpha', 'logEvidence', 'needed', 'crossed', 'bounded'],
  },
  Arm: {
    type: 'object',
    description: 'One arm of a release since this attempt began.',
    properties: {
      arm: { type: 'string', enum: ['treated', 'control'] },
      users: { type: 'integer', description: '0 where nothing tells users apart.' },
      requests: { type: 'integer' },
      failed: { type: 'integer', description: '5xx, aborted, timed out.' },
      slow: { type: 'integer', description: 'Over a second.' },
      p50Ms: { type: ['number', 'null'] },
      p95Ms: { type: ['number', 'null'] },
      p99Ms: { type: ['number', 'null'] },
    },
    required: ['arm', 'users', 'requests', 'failed', 'slow', 'p50Ms', 'p95Ms', 'p99Ms'],
  },
  Comparison: {
    type: 'object',
    description: 'Both arms of a release side by side; of one that is over, what its last verdict was taken on.',
    properties: {
      release: { type: 'string' },
      phase: { type: 'string' },
      live: { type: 'boolean' },
      at: { type: 'string', description: 'When this was so, ISO 8601.' },
      arms: { type: 'array', items: { $ref: '#/components/schemas/Arm' }, description: 'Empty when nothing is counted any more.' },
      verdict: { oneOf: [{ $ref: '#/components/schemas/Verdict' }, { type: 'null' }] },
    },
    required: ['release', 'phase', 'live', 'at', 'arms', 'verdict'],
  },
  Verdict: {
    type: 'object',
    description: 'What the statistics say about a release now.',
    properties: {
      answer: { type: 'string', enum: ['harm', 'go', 'inconclusive', 'waiting'] },
      reasons: { type: 'array', items: { type: 'string' } },
      evidence: { type: 'array', items: { $ref: '#/components/schemas/Evidence' } },
    },
    required: ['answer', 'reasons', 'evidence'],
  },
} as const;
