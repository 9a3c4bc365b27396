// What happened, as the API gives it.

export const eventRecords = {
  Event: {
    type: 'object',
    description: 'Something that happened, kept in the store.',
    properties: {
      seq: { type: 'integer' },
      at: { type: 'string' },
      kind: { type: 'string', enum: ['strategy', 'release', 'version', 'store', 'access', 'freeze'] },
      subject: { type: 'string', description: 'The release, version or other thing that it is about.' },
      from: { type: 'string' },
      to: { type: 'string' },
      who: { type: 'string' },
      why: { type: 'string' },
      revision: { type: 'integer' },
      generation: { type: 'integer' },
      evidence: { description: 'What an automatic action was taken on.' },
    },
    required: ['seq', 'at', 'kind', 'subject', 'from', 'to', 'who', 'why', 'revision', 'generation'],
  },
} as const;
