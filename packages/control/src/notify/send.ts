// One POST by fetch: no redirect is followed, no answer is read, and there is an end to waiting.

import type { Send } from './delivery.ts';

export const sendByFetch: Send = async (url, headers, body, { timeoutMs, signal }) => {
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
  await response.body?.cancel();
  return response.status;
};
