// What clients send to the control API, as schemas; beside records.ts, which is what comes back.

import type { ApiSchemas } from './records.ts';
import type { FromSchema } from './schema.ts';

export const apiRequests = {
  /** POST /releases */
  Canary: {
    type: 'object',
    description: 'A new version of a service and the release that sends users to it.',
    properties: {
      service: { type: 'string', maxLength: 63 },
      version: { type: 'string', maxLength: 63 },
      spec: { type: 'object', additionalProperties: true, description: 'How to run it, as under `versions` in the config file; paths absolute.' },
      release: { type: 'string', maxLength: 63, description: 'Default: the version\'s name.' },
      percent: { type: 'number', minimum: 0, maximum: 100, description: 'Default 5.' },
      when: { type: 'array', maxItems: 256, items: { type: 'object', additionalProperties: true }, description: 'Default: everybody.' },
      stickyBy: { type: 'array', maxItems: 16, items: { type: 'string' } },
    },
    required: ['service', 'version', 'spec'],
  },
  /** POST /releases/{name}/{verb} */
  Verb: {
    type: 'object',
    properties: {
      why: { type: 'string', maxLength: 500 },
      step: { type: 'integer', minimum: 0, description: 'The step in hand that you have seen: makes a repeated promote harmless.' },
    },
  },
  /** POST /releases/{name}/split */
  Split: {
    type: 'object',
    properties: { percent: { type: 'string', maxLength: 16, description: '10%, +10% or -5%.' } },
    required: ['percent'],
  },
  /** POST /explain */
  Explain: {
    type: 'object',
    properties: {
      method: { type: 'string', maxLength: 32 },
      target: { type: 'string', maxLength: 8192 },
      rawHeaders: { type: 'array', maxItems: 400, items: { type: 'string', maxLength: 16384 }, description: 'Name, value, name, value …' },
      address: { type: 'string', maxLength: 64 },
    },
    required: ['method', 'target', 'rawHeaders'],
  },
  /** PUT /freeze */
  Freeze: {
    type: 'object',
    properties: { reason: { type: 'string', minLength: 1, maxLength: 500 } },
    required: ['reason'],
  },
  /** POST /tokens */
  Token: {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 63 },
      scope: { type: 'string', enum: ['node', 'read', 'operate', 'admin'] },
      days: { type: 'number', minimum: 0, maximum: 3650, description: 'Until it expires; absent is never.' },
    },
    required: ['name', 'scope'],
  },
  /** POST /webhooks */
  Webhook: {
    type: 'object',
    properties: {
      url: { type: 'string', maxLength: 2048 },
      kinds: { type: 'array', maxItems: 16, items: { type: 'string', enum: ['strategy', 'release', 'version', 'store', 'access', 'freeze'] }, description: 'Of events; absent is all.' },
    },
    required: ['url'],
  },
  /** POST /overrides */
  Override: {
    type: 'object',
    properties: {
      lane: { type: 'string', maxLength: 63, description: 'A release of the live strategy, or empty for stable.' },
      seconds: { type: 'number', minimum: 1, description: 'Until it ends; 30 days at most.' },
    },
    required: ['lane', 'seconds'],
  },
  /** POST /backup */
  Backup: {
    type: 'object',
    properties: { file: { type: 'string', minLength: 1, maxLength: 4096, description: 'Absolute path on the machine of the control plane.' } },
    required: ['file'],
  },
} as const;

export type ApiRequests = typeof apiRequests;

/** The type of the body `Name`. */
export type ApiRequest<Name extends keyof ApiRequests> = FromSchema<ApiRequests[Name], ApiSchemas>;
