/** Deeper than most documents, and far less than a stack can take. */
const mostLevels = 200;

/**
 * Whether two values are the same but for the order of keys. `undefined` where that cannot be said without
 * their texts: something in them is no plain JSON, or too deep.
 */
export function sameJson(a: unknown, b: unknown): boolean | undefined {
  try {
    return sameMembers(a, b, 0);
  } catch {
    return undefined; // a getter threw, say
  }
}

function sameMembers(a: unknown, b: unknown, level: number): boolean | undefined {
  if (!isPlainMember(a) || !isPlainMember(b) || level === mostLevels) return undefined;
  if (a === b && (typeof a !== "object" || a === null)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && sameArrays(a, b, level + 1);
  if (Array.isArray(b)) return false;
  return sameObjects(a as Members, b as Members, level + 1);
}

type Members = Readonly<Record<string, unknown>>;

function sameArrays(a: unknown[], b: unknown[], level: number): boolean | undefined {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    const same = sameMembers(a[index], b[index], level);
    if (same !== true) return same;
  }
  return true;
}

function sameObjects(a: Members, b: Members, level: number): boolean | undefined {
  let keys = 0;
  for (const key in a) {
    keys++;
    const member = b[key];
    // A property that is `undefined` is not written; and `b.constructor` is inherited.
    if (member === undefined || !Object.hasOwn(b, key)) return isWhole(a, b) ? false : undefined;
    const same = sameMembers(a[key], member, level);
    if (same !== true) return same;
  }
  for (const _ in b) keys--;
  if (keys === 0) return true;
  return isWhole(a, b) ? false : undefined;
}

/** Whether every property is one that is written. */
const isWhole = (...objects: readonly Members[]): boolean =>
  objects.every((object) => Object.values(object).every(isPlainMember));

function isPlainMember(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object": {
      if (value === null) return true;
      const prototype = Object.getPrototypeOf(value) as unknown;
      if (prototype !== Object.prototype && prototype !== Array.prototype) return false;
      return !("toJSON" in value);
    }
    default:
      return false;
  }
}
