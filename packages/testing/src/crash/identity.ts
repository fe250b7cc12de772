import { createHash } from "node:crypto";
import type { InodeAttributes } from "../memory/effect.ts";
import { isChosen } from "./chosen-times.ts";

/** Up to so many bytes are their own key; of more, a digest is: what is kept stays small. */
const short = 64;

/**
 * Numbers for contents, attributes and trees: equal things have equal numbers. What was checked once
 * need not be checked again, at whichever point, in whichever model it comes up.
 */
export class Identities {
  readonly #contents = new Map<string, number>();
  readonly #contentOf = new WeakMap<Uint8Array, number>();
  readonly #attributes = new Map<string, number>();
  readonly #attributesOf = new WeakMap<InodeAttributes, number>();
  readonly #trees = new Map<string, number>();

  content(bytes: Uint8Array): number {
    if (bytes.length <= short) return numberOf(this.#contents, String.fromCharCode(...bytes));
    let id = this.#contentOf.get(bytes);
    if (id === undefined) {
      id = numberOf(this.#contents, digest(bytes));
      this.#contentOf.set(bytes, id);
    }
    return id;
  }

  /** Times that no program chose are left out: they say when it ran, and no two runs agree. */
  attributes(attributes: InodeAttributes): number {
    let id = this.#attributesOf.get(attributes);
    if (id === undefined) {
      const { mode, uid, gid, mtimeMs } = attributes;
      const time = isChosen(attributes) ? mtimeMs : "";
      id = numberOf(this.#attributes, `${mode} ${uid} ${gid} ${time}`);
      this.#attributesOf.set(attributes, id);
    }
    return id;
  }

  tree(text: string): number {
    return numberOf(this.#trees, text.length <= short ? text : digest(text));
  }
}

function numberOf(numbers: Map<string, number>, key: string): number {
  let number = numbers.get(key);
  if (number === undefined) {
    number = numbers.size;
    numbers.set(key, number);
  }
  return number;
}

// Longer than what is its own key, so that the two never meet.
const digest = (long: string | Uint8Array): string =>
  `sha256:${createHash("sha256").update(long).digest("hex")}`;
