/** Deeper than most documents, and far less than a stack can take. */
const mostLevels = 200;
/** Objects that are in one another many times over can make up as many from almost nothing. */
const mostObjects = 20_000_000;

/** Nothing is known of the value; thrown by nobody, and no JSON. */
export const notPlain: unique symbol = Symbol("not plain");

/**
 * A copy of what is plain JSON already: it is what its text would be read as. `notPlain` for all else, and
 * for what is too deep to say; several times as fast as the way by text.
 *
 * @param frozen whether nobody is to change the copy
 */
export function copyPlain<Value>(value: Value, frozen: boolean): Value | typeof notPlain {
  try {
    return copyMember(value, { frozen, objects: 0 }, 0) as Value | typeof notPlain;
  } catch {
    return notPlain; // a getter threw, say
  }
}

interface Copying {
  readonly frozen: boolean;
  objects: number;
}

function copyMember(value: unknown, copying: Copying, level: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      // -0 is written as 0.
      return Number.isFinite(value) && !Object.is(value, -0) ? value : notPlain;
    case "object":
      if (value === null) return value;
      if (level === mostLevels || ++copying.objects > mostObjects) return notPlain;
      return Array.isArray(value)
        ? copyArray(value, copying, level + 1)
        : copyObject(value, copying, level + 1);
    default:
      return notPlain;
  }
}

function copyArray(from: unknown[], copying: Copying, level: number): unknown {
  if (Object.getPrototypeOf(from) !== Array.prototype || "toJSON" in from) return notPlain;
  const to = from.slice();
  // Not `entries`, which is slower, and a hole is `undefined` here.
  for (let index = 0; index < to.length; index++) {
    const member = to[index];
    const copy = copyMember(member, copying, level);
    if (copy === notPlain) return notPlain;
    if (copy !== member) to[index] = copy;
  }
  return copying.frozen ? Object.freeze(to) : to;
}

function copyObject(from: object, copying: Copying, level: number): unknown {
  if (Object.getPrototypeOf(from) !== Object.prototype || "toJSON" in from) return notPlain;
  // In one go, and with a key `__proto__`: to assign it below changes the property that is there then.
  const to: Record<string, unknown> = { ...from };
  if (Object.getOwnPropertySymbols(to).length > 0) return notPlain;
  for (const key in to) {
    const member = to[key];
    const copy = copyMember(member, copying, level);
    if (copy === notPlain) return notPlain;
    if (copy !== member) to[key] = copy;
  }
  return copying.frozen ? Object.freeze(to) : to;
}

/** Freezes what JSON was read as, which nobody else has. Without recursion: it may be very deep. */
export function freezeParsed<Value>(value: Value): Value {
  const open: object[] = [];
  const add = (member: unknown): void => {
    if (typeof member === "object" && member !== null) open.push(member);
  };
  add(value);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (Object.isFrozen(next)) continue;
    Object.freeze(next);
    if (Array.isArray(next)) {
      for (let index = 0; index < next.length; index++) add(next[index]);
    } else {
      for (const key in next) add((next as Record<string, unknown>)[key]);
    }
  }
  return value;
}
