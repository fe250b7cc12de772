import { createHash } from "node:crypto";
import type { InodeAttributes } from "../memory/effect.ts";

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
    let id = this.#contentOf.get(bytes);
    if (id === undefined) {
      id = numberOf(this.#contents, keyOf(bytes));
      this.#contentOf.set(bytes, id);
    }
    return id;
  }

  /**
   * Times that no program set are left out: they say when a run was made, and no two runs agree.
   *
   * @param setsTime known from the change that made them; later calls for the same object remember it
   */
  attributes(attributes: InodeAttributes, setsTime = false): number {
    let id = this.#attributesOf.get(attributes);
    if (id === undefined) {
      const { mode, uid, gid, mtimeMs } = attributes;
      id = numberOf(this.#attributes, `${mode} ${uid} ${gid} ${setsTime ? mtimeMs : ""}`);
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

function keyOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length <= short) return buffer.toString("latin1");
  return digest(buffer);
}

// Longer than what is its own key, so that the two never meet.
const digest = (long: string | Uint8Array): string =>
  `sha256:${createHash("sha256").update(long).digest("hex")}`;
