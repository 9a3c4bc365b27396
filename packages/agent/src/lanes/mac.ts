// The one cryptographic function of stamps and overrides, by Node.

import { hash } from 'node:crypto';
import { hmacSha256, type Mac } from '@graylane/wire';

export const mac: Mac = hmacSha256({
  bytes: (text) => hash('sha256', Buffer.from(text, 'latin1'), 'binary'),
  text: (text) => hash('sha256', Buffer.from(text, 'latin1'), 'base64url'),
  fromBase64url: (text) => Buffer.from(text, 'base64url').toString('latin1'),
});
