// Reads a request's body as JSON within a limit. It must not know what the JSON means.

import type { Context } from 'hono';
import { ControlError } from '../problem.ts';

/** A command is a few words. */
export const COMMAND_LIMIT_BYTES: number = 256 * 1024;
/** Ten thousand releases are about 4 MB. */
export const DOCUMENT_LIMIT_BYTES: number = 32 * 1024 * 1024;

/** An absent body is `{}`. Throws GL3012, GL3013 or GL3023. */
export async function jsonBody(context: Context, limitBytes: number): Promise<unknown> {
  const { body } = context.req.raw;
  if (body === null) return {};
  const type = (context.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  const text = await limitedText(body, limitBytes);
  if (text === '') return {};
  // A form or text/plain can be sent by any page without the browser asking first.
  if (type !== 'application/json') throw new ControlError('GL3023', { detail: `the body is ${type === '' || type === undefined ? 'of no type' : `'${type.slice(0, 60)}'`}`, fix: 'send application/json' });
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ControlError('GL3012', { detail: `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`, fix: 'send one JSON value', thrown: error });
  }
}

async function limitedText(body: ReadableStream<Uint8Array>, limitBytes: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > limitBytes) throw new ControlError('GL3013', { detail: `the body is over the limit of ${limitBytes} bytes` });
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new ControlError('GL3012', { detail: 'the body is not UTF-8', thrown: error });
    throw error;
  }
}
