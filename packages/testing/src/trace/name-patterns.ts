/** What a name tells: whose it is cannot be known for certain, so only what is clear counts. */

const none: ReadonlySet<string> = new Set();

/** `.tmp`, `-tmp`, `.tmp-4711`, `.tmp.json`, `.temp`, `tmp-x`, `.part`, `.swp`, `.new`, `~`; not `.tmpl`. */
const marked = /[._-]tmp(?:\d+|[._-].*)?$|\.(?:temp|part|swp|new)$|~$|^\.?tmp[._-]/i;

const uuid = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i;

/**
 * Whether a name is that of a staged file, wherever it is found:
 *
 * - it ends with `.tmp`, `-tmp`, `_tmp`, `.temp`, `.part`, `.swp`, `.new` or `~`, or begins with `tmp`
 *   or `.tmp` and a separator, or has `.tmp` and more after it: `x.tmp-4711`, `x.tmp.json`;
 * - or it is another name (of `others`, with a dot before it or without), a separator, and random
 *   characters: 6 or more, hexadecimal or letters and digits in turn, with a digit among them, or a
 *   UUID. What is read as a date, as a time in s or ms, or as a number with leading zeros is none:
 *   those are of logs and backups.
 */
export function looksStaged(name: string, others: ReadonlySet<string> = none): boolean {
  if (marked.test(name)) return true;
  for (const whole of name.startsWith(".") ? [name, name.slice(1)] : [name]) {
    for (const { index } of whole.matchAll(/[._-]/g)) {
      const base = whole.slice(0, index);
      if (others.has(base) && isRandomSuffix(whole.slice(index + 1))) return true;
    }
  }
  return false;
}

/** Whether a name differs from run to run, as far as the name alone tells. */
export function looksRandom(name: string, others: ReadonlySet<string> = none): boolean {
  if (uuid.test(name)) return true;
  if (!marked.test(name)) return looksStaged(name, others);
  return name.split(/[^A-Za-z0-9]+/).some((part) => /^\d{2,}$/.test(part) || isRandom(part));
}

/**
 * The same of a name that was made and is gone again in one trace: what is short-lived may be called
 * anything, so here letters alone can be random too, `state.json.kqzvwxab`.
 */
export const looksShortLived = (name: string): boolean =>
  marked.test(name) ||
  uuid.test(name) ||
  /.[.][A-Za-z0-9]{6,}$/.test(name) ||
  name.split(/[^A-Za-z0-9]+/).some((part) => /^\d{3,}$/.test(part) || isRandom(part));

/** A lock or a pid file: `lock`, `x.lock`, `server.pid`. */
export const isLockName = (name: string): boolean => /(?:^|[._-])(?:lock|lck|pid)$/i.test(name);

/** `3f2a9c`, `4711.9f8e7d6c`, a UUID; not `2024-01-01`. */
function isRandomSuffix(text: string): boolean {
  const parts = text.split(/[._-]/);
  const digits = text.replaceAll(/[._-]/g, "");
  if (/^\d+$/.test(digits) && isTimeOrNumber(digits)) return false;
  const plain = (part: string): boolean => /^\d+$|^[0-9a-f]+$/i.test(part) || isRandom(part);
  return parts.every(plain) && (parts.some(isRandom) || uuid.test(text));
}

function isRandom(part: string): boolean {
  if (part.length < 6 || !/\d/.test(part)) return false;
  if (/^\d+$/.test(part)) return !isTimeOrNumber(part);
  if (/^[0-9a-f]+$/.test(part) || /^[0-9A-F]+$/.test(part)) return true;
  // "k3j9x2q1", and not "chapter2", "sqlite3" or "2ndDraft".
  return /^[A-Za-z0-9]+$/.test(part) && part.match(/\d+|[A-Za-z]+/g)!.length >= 3;
}

/** Of digits alone: a date, with a time or without; seconds or milliseconds since 1970; "000001". */
const isTimeOrNumber = (digits: string): boolean =>
  /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{2}|\d{4}|\d{6}|\d{9})?$/.test(
    digits,
  ) ||
  /^1\d{9}(?:\d{3})?$/.test(digits) ||
  digits.startsWith("00");
