// A link that carries an override token in its query, and the clean address that it leads to. Pure text.

const NAME = 'graylane-override';

export interface OverrideLink {
  readonly token: string;
  /** The same target without the token: a path on this very host, whatever the target looks like. */
  readonly clean: string;
}

/** Whether a target may be such a link at all: the one look that other requests get. */
export function mentionsOverride(target: string): boolean {
  return target.includes(`${NAME}=`);
}

/** Null for what is no such link, or not a request that can be sent again. */
export function overrideLink(method: string, target: string): OverrideLink | null {
  if ((method !== 'GET' && method !== 'HEAD') || !target.startsWith('/')) return null;
  const question = target.indexOf('?');
  if (question === -1) return null;
  const parameters = target.slice(question + 1).split('&');
  const own = parameters.find((parameter) => parameter.startsWith(`${NAME}=`));
  if (own === undefined) return null;
  const others = parameters.filter((parameter) => !parameter.startsWith(`${NAME}=`));
  // `//host` and `/\host` are addresses on another host to a browser.
  const path = target.slice(0, question).replace(/^[/\\]+/, '/');
  return { token: own.slice(NAME.length + 1), clean: others.length === 0 ? path : `${path}?${others.join('&')}` };
}

export function overrideCookie(token: string, maxAgeS: number, secure: boolean): string {
  return `${NAME}=${token}; Path=/; Max-Age=${Math.max(0, maxAgeS)}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
