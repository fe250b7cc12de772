/**
 * Our takeover as a small program, with each of its steps to be left out: which of them are needed, and
 * why. As in the classic ones the lock is a symbolic link that leads to the name of its owner; so is a
 * claim, to the name of who claims. Of a dead one the name begins with "dead".
 */

import type { NodeFileSystem, Scenario } from "@holdfast/testing";
import { beInside, endedWell } from "./critical-section.ts";

export interface Weakness {
  /** Who holds the claim does not read the entry again. */
  readonly trustsFirstLook?: boolean;
  /** One claim for all owners of this lock, instead of one for each. */
  readonly claimWithoutName?: boolean;
  /** It gives the claim up before it removes the entry. */
  readonly claimGivenUpEarly?: boolean;
  /** The claim of somebody dead is just removed. */
  readonly deadClaimRemoved?: boolean;
  /** The claim of somebody dead counts as if it were one's own. */
  readonly deadClaimTrusted?: boolean;
}

const lock = "/lock";

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

/** `undefined` if it fails with this code. */
async function unless<T>(code: string, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (codeOf(error) === code) return undefined;
    throw error;
  }
}

class Contender {
  readonly #fs: NodeFileSystem["promises"];
  readonly #name: string;
  readonly #weak: Weakness;

  constructor(fs: NodeFileSystem, name: string, weak: Weakness) {
    this.#fs = fs.promises;
    this.#name = name;
    this.#weak = weak;
  }

  /** Makes an entry, one's own; `false` if there is one. */
  async create(entry: string): Promise<boolean> {
    const made = this.#fs.symlink(this.#name, entry).then(() => true);
    return (await unless("EEXIST", made)) ?? false;
  }

  async #remove(entry: string): Promise<void> {
    await unless("ENOENT", this.#fs.unlink(entry));
  }

  async #ownerOf(entry: string): Promise<string | undefined> {
    return await unless("ENOENT", this.#fs.readlink(entry));
  }

  /** Removes an entry if its owner is dead; `false` if the owner, or who removes it already, lives. */
  async takeOver(entry: string): Promise<boolean> {
    const owner = await this.#ownerOf(entry);
    if (owner === undefined) return true;
    if (!owner.startsWith("dead")) return false;
    const { claimWithoutName, claimGivenUpEarly, deadClaimRemoved, deadClaimTrusted } = this.#weak;
    const claim = claimWithoutName === true ? `${lock}.claim` : `${lock}.${owner}.claim`;
    if (!(await this.create(claim))) {
      const by = await this.#ownerOf(claim);
      if (by?.startsWith("dead") !== true) return by === undefined;
      if (deadClaimRemoved === true) await this.#remove(claim);
      else if (deadClaimTrusted !== true) return await this.takeOver(claim);
      if (deadClaimTrusted !== true) return true;
    }
    if (claimGivenUpEarly === true) await this.#remove(claim);
    const trusted = this.#weak.trustsFirstLook === true;
    if (trusted || (await this.#ownerOf(entry)) === owner) await this.#remove(entry);
    if (claimGivenUpEarly !== true) await this.#remove(claim);
    return true;
  }

  /** So often that who comes upon a claim of a claim gets to the end. */
  async acquire(rounds: number): Promise<boolean> {
    for (let round = 0; round < rounds; round++) {
      if (await this.create(lock)) return true;
      if (!(await this.takeOver(lock))) return false;
    }
    return false;
  }

  async release(): Promise<void> {
    await this.#remove(lock);
  }
}

/**
 * @param dead the owner, who claimed its lock, who claimed that claim, …: all of them dead
 */
export function leaveDead(...dead: readonly string[]): (fs: NodeFileSystem) => void {
  return (fs) => {
    for (const [at, name] of dead.entries()) {
      fs.symlinkSync(name, at === 0 ? lock : `${lock}.${dead[at - 1]}.claim`);
    }
  };
}

export function claimedTakeover(
  name: string,
  setup: (fs: NodeFileSystem) => void,
  weak: Weakness = {},
): Scenario {
  return {
    name,
    setup,
    async run(fs) {
      const contender = new Contender(fs, name, weak);
      if (!(await contender.acquire(4))) return;
      await beInside(fs);
      await contender.release();
    },
    check: endedWell,
  };
}
