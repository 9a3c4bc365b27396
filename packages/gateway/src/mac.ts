// The one cryptographic function of stamps and overrides, by Node.

import { createHmac } from 'node:crypto';
import type { Mac } from '@graylane/wire';

export const mac: Mac = (secret, text) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(text, 'latin1').digest('base64url');
