import type { PlatformName } from "@holdfast/fs";
import type { Backend, Origin } from "./backend.ts";
import type { CallName } from "./call.ts";
import { facesOf } from "./faces.ts";
import type { NodeFileSystem } from "./node-file-system.ts";

/**
 * The same object of the shape of `node:fs` for one backend after the other: for whoever needs tens of
 * thousands of them a second, each for a moment. As soon as an asynchronous call was made through it
 * the next backend gets a new one, so that a call that nobody waited for never meets a later backend.
 */
export class ReusedFace {
  #switch: Switch | undefined;
  #face: NodeFileSystem | undefined;

  of(backend: Backend): NodeFileSystem {
    if (this.#switch === undefined || this.#face === undefined || this.#switch.usedAsync) {
      this.#switch = new Switch(backend);
      this.#face = facesOf(this.#switch);
    }
    this.#switch.backend = backend;
    return this.#face;
  }
}

class Switch implements Backend {
  readonly constants: Readonly<Record<string, number>>;
  readonly platform?: PlatformName;
  backend: Backend;
  usedAsync = false;

  constructor(backend: Backend) {
    this.backend = backend;
    this.constants = backend.constants;
    if (backend.platform !== undefined) this.platform = backend.platform;
  }

  sync(name: CallName, args: readonly unknown[], origin: Origin): never {
    return this.backend.sync(name, args as never, origin) as never;
  }

  async(name: CallName, args: readonly unknown[], origin: Origin): Promise<never> {
    this.usedAsync = true;
    return this.backend.async(name, args as never, origin) as Promise<never>;
  }
}
