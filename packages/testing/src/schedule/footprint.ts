/**
 * How a step uses a thing. Two reads commute, and so do two touches: changes whose order nobody can
 * tell, such as two new names in one directory. Everything else on the same thing is in an order.
 */
export type Use = "read" | "touch" | "write";

/** What a step has used: two steps whose footprints do not conflict can be made in either order. */
export class Footprint {
  readonly #uses = new Map<string, Use>();
  #everything = false;

  /** @param thing any name for it, the same in all footprints of one file system */
  add(thing: string, use: Use): void {
    const before = this.#uses.get(thing);
    this.#uses.set(thing, before === undefined || before === use ? use : "write");
  }

  /** It is not known what was used. */
  addEverything(): void {
    this.#everything = true;
  }

  addAll(other: Footprint): void {
    if (other.#everything) this.#everything = true;
    for (const [thing, use] of other.#uses) this.add(thing, use);
  }

  conflictsWith(other: Footprint): boolean {
    if (this.#everything || other.#everything) return true;
    const [few, many] =
      this.#uses.size < other.#uses.size ? [this.#uses, other.#uses] : [other.#uses, this.#uses];
    for (const [thing, use] of few) {
      const otherUse = many.get(thing);
      if (otherUse !== undefined && (otherUse !== use || use === "write")) return true;
    }
    return false;
  }
}
