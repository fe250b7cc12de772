import { Refusal } from "@holdfast/fs/steps";
import { showValuePath } from "../text/value-path.ts";
import { isPlainObject } from "./copy-value.ts";

interface Visit {
  readonly value: object;
  readonly key: PropertyKey;
  readonly parent: Visit | undefined;
}

/**
 * Refuses objects that would not come back: of a map, a set or an error nothing is written but `{}`, and of
 * an object of a class only its fields. One with `toJSON` says itself what is written.
 *
 * @param value that JSON can be made of: it has no cycles
 * @throws `Refusal` (`ERR_JSON_UNSERIALIZABLE`)
 */
export function requirePlain(value: unknown): void {
  const open: Visit[] = [];
  const add = (found: unknown, key: PropertyKey, parent: Visit | undefined): void => {
    if (typeof found !== "object" || found === null) return;
    if (typeof (found as { toJSON?: unknown }).toJSON === "function") return;
    const visit = { value: found, key, parent };
    if (!Array.isArray(found) && !isPlainObject(found)) throw notPlain(visit);
    open.push(visit);
  };
  add(value, "", undefined);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const parent = next;
    if (Array.isArray(parent.value)) {
      for (const [index, element] of parent.value.entries()) add(element, index, parent);
    } else {
      for (const [key, property] of Object.entries(parent.value)) add(property, key, parent);
    }
  }
}

function notPlain(visit: Visit): Refusal {
  const path: PropertyKey[] = [];
  for (let at = visit; at.parent !== undefined; at = at.parent) path.unshift(at.key);
  const kind = visit.value.constructor?.name ?? "";
  const what = /^\w{1,40}$/.test(kind) ? `an object of the class ${kind}` : "not a plain object";
  return new Refusal("ERR_JSON_UNSERIALIZABLE", {
    problem: `${showValuePath(path)} is ${what}, and would be read as another one`,
    hint: 'Give it a method "toJSON", or make a plain object of it.',
    more: { valuePath: path },
  });
}
