// Why a request was refused or failed, as the API gives it (RFC 9457).

export const problemRecords = {
  Problem: {
    type: 'object',
    description: 'RFC 9457 problem details.',
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      code: { type: 'string', description: 'Stable, GL and four digits.' },
      detail: { type: 'string' },
      cause: { type: 'string' },
      fix: { type: 'string' },
      exitCode: { type: 'integer', description: 'What the command ends with.' },
      revision: { type: 'integer', description: 'Of a conflict: the revision that stands.' },
      changes: { type: 'array', items: { $ref: '#/components/schemas/Change' }, description: 'Of a conflict: what stands against what was sent.' },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            code: { type: 'string' },
            pointer: { type: 'string' },
            detail: { type: 'string' },
            cause: { type: 'string' },
            fix: { type: 'string' },
            witness: {},
          },
          required: ['code', 'pointer', 'detail'],
        },
      },
      lastLines: { type: 'array', items: { type: 'string' }, description: 'The end of the output of what did not start.' },
    },
    required: ['type', 'title', 'status', 'code', 'detail', 'exitCode'],
  },
} as const;
