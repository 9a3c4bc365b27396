// Whoever may ask, is told, or is let into a lane, as the API gives them: tokens, webhooks, overrides.

export const accessRecords = {
  Token: {
    type: 'object',
    description: 'A token, without its secret.',
    properties: {
      id: { type: 'string' },
      name: { type: 'string' },
      scope: { type: 'string', enum: ['node', 'read', 'operate', 'admin'] },
      createdAt: { type: 'string' },
      expiresAt: { type: ['string', 'null'] },
    },
    required: ['id', 'name', 'scope', 'createdAt', 'expiresAt'],
  },
  NewToken: {
    type: 'object',
    description: 'A token as it is shown once.',
    properties: {
      id: { type: 'string' },
      name: { type: 'string' },
      scope: { type: 'string', enum: ['node', 'read', 'operate', 'admin'] },
      createdAt: { type: 'string' },
      expiresAt: { type: ['string', 'null'] },
      token: { type: 'string' },
    },
    required: ['id', 'name', 'scope', 'createdAt', 'expiresAt', 'token'],
  },
  Webhook: {
    type: 'object',
    description: 'Who is told of events, without the secret.',
    properties: {
      id: { type: 'string' },
      url: { type: 'string' },
      kinds: { type: 'array', items: { type: 'string' }, description: 'Of events; empty is all.' },
      cursor: { type: 'integer', description: 'The last event that was delivered or given up.' },
      failures: { type: 'integer', description: 'Attempts at the next one that have failed.' },
      lastError: { type: ['string', 'null'] },
    },
    required: ['id', 'url', 'kinds', 'cursor', 'failures', 'lastError'],
  },
  NewWebhook: {
    type: 'object',
    description: 'A webhook with its secret, shown once.',
    properties: {
      id: { type: 'string' },
      url: { type: 'string' },
      kinds: { type: 'array', items: { type: 'string' } },
      cursor: { type: 'integer' },
      failures: { type: 'integer' },
      lastError: { type: ['string', 'null'] },
      secret: { type: 'string', description: 'For the signature (Standard Webhooks).' },
    },
    required: ['id', 'url', 'kinds', 'cursor', 'failures', 'lastError', 'secret'],
  },
  Override: {
    type: 'object',
    description: 'A signed wish for a lane.',
    properties: {
      lane: { type: 'string', description: 'Empty is stable.' },
      token: { type: 'string', description: 'For the header, the cookie or the query parameter `graylane-override`.' },
      expires: { type: 'string', format: 'date-time' },
    },
    required: ['lane', 'token', 'expires'],
  },
} as const;
