// The routing decision of the benchmark, as a hand-written traffic-distribution server would take it: a cookie, a header, a sticky percentage.

/** True when the request is for the canary. Same hash, salt and buckets as graylane's. */
export function isCanary(headers, percent) {
  const cookies = headers.cookie ?? '';
  if (cookieOf(cookies, 'beta') === '1' || headers['x-beta'] === '1') return true;
  const key = cookieOf(cookies, 'uid');
  return key !== undefined && bucketOf(`ramp:${key}`) < percent * 10_000;
}

function cookieOf(cookies, name) {
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** MurmurHash3 (x86, 32 bit, seed 0) of ASCII text, scaled to [0, 1,000,000). */
function bucketOf(text) {
  const { length } = text;
  let hash = 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    hash ^= scrambled(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8) | (text.charCodeAt(at + 2) << 16) | (text.charCodeAt(at + 3) << 24));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let last = length - 1; last >= at; last--) tail = (tail << 8) | text.charCodeAt(last);
  hash ^= scrambled(tail) ^ length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return Math.floor(((hash ^ (hash >>> 16)) >>> 0) * 1_000_000 / 4_294_967_296);
}

function scrambled(word) {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
