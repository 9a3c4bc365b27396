// Signs a webhook as the Standard Webhooks specification asks (standardwebhooks.com): HMAC-SHA-256 over id, time and body.

import { createHmac } from 'node:crypto';

export interface SignedHeaders {
  readonly 'webhook-id': string;
  /** Seconds since 1970; a receiver refuses old ones. */
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** `secret` as it is shown to people: `whsec_` and base64. */
export function signed(secret: string, id: string, nowMs: number, body: string): SignedHeaders {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
