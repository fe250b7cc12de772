/** How many bytes some contents take together, each counted once however often it is shared. */
export class Footprint {
  bytes = 0;
  readonly #counted = new WeakSet<Uint8Array>();

  add(content: Uint8Array): void {
    if (this.#counted.has(content)) return;
    this.#counted.add(content);
    this.bytes += content.length;
  }
}
