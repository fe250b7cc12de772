import { copyPlain, notPlain } from "./copy-plain.ts";

/**
 * A copy that shares nothing with the original that could be changed: what a schema returns may be
 * its own default, and the next value would begin with what was done to this one. Objects of classes are
 * left as they are, but for dates. Without recursion: a document may be deeper than the stack.
 *
 * @param frozen whether nobody is to change the copy
 */
export function copyValue<Value>(value: Value, frozen: boolean): Value {
  const plain = copyPlain(value, frozen);
  return plain === notPlain ? copyAny(value, frozen) : plain;
}

function copyAny<Value>(value: Value, frozen: boolean): Value {
  const copies = new Map<object, object>();
  const open: { readonly from: object; readonly to: object }[] = [];
  const copyOf = (from: unknown): unknown => {
    if (typeof from !== "object" || from === null) return from;
    const known = copies.get(from);
    if (known !== undefined) return known;
    const to = emptyLike(from);
    if (to === undefined) return from instanceof Date ? new Date(from.getTime()) : from;
    copies.set(from, to);
    open.push({ from, to });
    return to;
  };
  const copy = copyOf(value);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { from, to } = next;
    for (const key of Reflect.ownKeys(from)) {
      if (Array.isArray(from) && key === "length") continue;
      // Defined, not assigned: a key may be `__proto__`.
      Object.defineProperty(to, key, {
        value: copyOf((from as Record<PropertyKey, unknown>)[key]),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
  }
  // Not before: what is frozen can have no property defined.
  if (frozen) for (const made of copies.values()) Object.freeze(made);
  return copy as Value;
}

/** `undefined` for what is not plain: a map, an object of a class. */
function emptyLike(from: object): object | undefined {
  if (Array.isArray(from)) return Array.from({ length: from.length });
  if (!isPlainObject(from)) return undefined;
  return Object.getPrototypeOf(from) === null ? (Object.create(null) as object) : {};
}

/** Whether an object is one of braces, perhaps of another realm. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

/** Whether something is an object that JSON would write in braces. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
