import { types } from "node:util";

/** An object that is not what `JSON.stringify` would write of it. */
export interface LostKind {
  /** As in "is a Map". */
  readonly what: string;
  readonly hint: string | undefined;
}

const ofBytes = "For an array of numbers: Array.from(bytes); for text: Buffer.toString.";

/** What to write instead, by the tags of what the language has. */
const hints: Readonly<Record<string, string>> = {
  Map: "For an object: Object.fromEntries(map); for an array: [...map].",
  Set: "For an array: [...set].",
  Promise: "It was to be waited for: await.",
  ArrayBuffer: ofBytes,
  SharedArrayBuffer: ofBytes,
  URLSearchParams: "For text: String(params); for an object: Object.fromEntries(params).",
  Headers: "For an object: Object.fromEntries(headers).",
};

/**
 * What an object is whose content is not in its properties, so that `{}`, or no more than an accident, would be
 * written of it: a map, an error, bytes. Objects of classes with properties are not meant: of them that much
 * is written, as everybody expects.
 *
 * @throws what its getters throw
 */
export function lostKindOf(value: object): LostKind | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value) || prototype === null) return undefined;
  if (types.isNativeError(value) || value instanceof Error) {
    return {
      what: "an Error",
      hint: "Write what is wanted of it: { name, message, stack }, or { ...error, name, message }.",
    };
  }
  if (types.isRegExp(value)) {
    return { what: "a RegExp", hint: "For text: its source and flags." };
  }
  if (ArrayBuffer.isView(value)) return { what: named(tagOf(value) ?? "view"), hint: ofBytes };
  // It is inherited by all that the language and the platform have, and names the class.
  const tag = Object.hasOwn(value, Symbol.toStringTag) ? undefined : tagOf(value);
  if (tag === undefined) return types.isSymbolObject(value) ? symbol : undefined;
  if (Object.keys(value).length > 0 && !isCollection(value)) return undefined;
  return { what: named(tag), hint: Object.hasOwn(hints, tag) ? hints[tag] : undefined };
}

/**
 * Whether an object may be such a one, for a quick look: a yes too many does no harm. One with the prototype of
 * plain objects is none, whatever it was before somebody gave it that.
 */
export function mayBeLost(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return false;
  return (
    tagOf(value) !== undefined ||
    types.isNativeError(value) ||
    types.isRegExp(value) ||
    value instanceof Error
  );
}

const symbol: LostKind = { what: "a Symbol", hint: undefined };

/** With properties of its own, too, it is not in them what it holds. */
const isCollection = (value: object): boolean =>
  types.isMap(value) || types.isSet(value) || types.isAnyArrayBuffer(value);

function tagOf(value: object): string | undefined {
  const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === "string" ? tag : undefined;
}

function named(tag: string): string {
  const shown = /^[\w ]{1,40}$/.test(tag) ? tag : "object with a tag";
  // "A URL": it is said with a consonant.
  return `${/^(?:[AEIO]|U(?!int|RL))/i.test(shown) ? "an" : "a"} ${shown}`;
}
