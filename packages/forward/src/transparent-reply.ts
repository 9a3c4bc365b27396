// The answer's head on the hop between two workers of one machine: the far server's own bytes, but for the connection's fate. It writes nothing.

import type { BodyFraming, ResponseHead } from './response-head.ts';

/** Whether the far server would go on with this connection, as the client will read it. */
export function farKeepsAlive(head: ResponseHead, framing: BodyFraming): boolean {
  if (framing === 'until-close' || head.saysClose) return false;
  return head.minorVersion === 1 || head.saysKeepAlive;
}

/** The bytes of the head as they came. */
export function verbatimHead(head: ResponseHead): string {
  return head.bytes.toString('latin1', head.start, head.end);
}

/** The same head for a connection that this side closes: only the lines that speak of it differ. */
export function closingHead(head: ResponseHead): string {
  const { bytes, lines } = head;
  let text = bytes.toString('latin1', head.start, head.reasonEnd + 2);
  let said = false;
  for (let i = 0; i < lines.length; i += 4) {
    const name = bytes.toString('latin1', lines[i], lines[i + 1]);
    const lower = name.length === 10 ? name.toLowerCase() : '';
    if (lower === 'keep-alive') continue;
    if (lower === 'connection') {
      text += `${name}: ${closingOptions(bytes.toString('latin1', lines[i + 2], lines[i + 3]))}\r\n`;
      said = true;
    } else {
      text += `${name}: ${bytes.toString('latin1', lines[i + 2], lines[i + 3])}\r\n`;
    }
  }
  return said ? `${text}\r\n` : `${text}Connection: close\r\n\r\n`;
}

function closingOptions(value: string): string {
  const others = value.split(',').map((option) => option.trim()).filter((option) => option !== '' && option.toLowerCase() !== 'keep-alive');
  return ['close', ...others].join(', ');
}
