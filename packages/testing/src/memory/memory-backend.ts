import { Volume } from "memfs";
import type { PlatformName } from "@holdfast/fs";
import type { Backend, Origin } from "../calls/backend.ts";
import type { CallName, CallTable } from "../calls/call.ts";
import { fsConstants } from "../calls/constants.ts";
import * as attributeCalls from "./attribute-calls.ts";
import * as descriptorCalls from "./descriptor-calls.ts";
import * as directoryCalls from "./directory-calls.ts";
import type { Effect, Image } from "./effect.ts";
import { loadImage, takeImage } from "./image.ts";
import { firstDescriptor, Kernel } from "./kernel.ts";
import type { Implementation } from "./kernel.ts";
import * as nameCalls from "./name-calls.ts";
import type { MemoryFileSystemOptions } from "./options.ts";
import { entriesIn, mountDevice, plant } from "./plant.ts";
import { formatTree, parseTree } from "../tree/tree-language.ts";

const op = "createMemoryFileSystem";

const implementations: { readonly [Name in CallName]: Implementation<Name> } = {
  ...descriptorCalls,
  ...nameCalls,
  ...directoryCalls,
  ...attributeCalls,
};

/**
 * A file system in memory that follows the rules of a real one, to be called like one. Every call is
 * done when it returns, in the asynchronous form too: no timers, the same in every run.
 */
export class MemoryBackend implements Backend {
  readonly constants: Readonly<Record<string, number>> = fsConstants;
  readonly platform: PlatformName;
  readonly #kernel: Kernel;
  #volume: Volume | undefined;

  /** @param image What it holds, instead of `options.tree`; it stays as it is. */
  constructor(options: MemoryFileSystemOptions = {}, image?: Image) {
    const kernel = new Kernel(options);
    this.#kernel = kernel;
    this.platform = kernel.facts.name;
    if (image !== undefined) loadImage(kernel, image);
    else if (options.tree !== undefined) plant(kernel, parseTree(options.tree, op));
    for (const path of options.devices ?? []) mountDevice(kernel, path);
  }

  sync<Name extends CallName>(
    name: Name,
    args: Parameters<CallTable[Name]>,
    _origin?: Origin,
  ): ReturnType<CallTable[Name]> {
    const kernel = this.#kernel;
    kernel.begin(name, args);
    return (implementations[name] as Implementation<Name>)(kernel, ...args);
  }

  // oxlint-disable-next-line require-await -- "async" is what turns a throw into a rejection
  async async<Name extends CallName>(
    name: Name,
    args: Parameters<CallTable[Name]>,
    _origin?: Origin,
  ): Promise<ReturnType<CallTable[Name]>> {
    return this.sync(name, args);
  }

  /** Told of every change, in order, while the call that makes it is still running. */
  get onEffect(): ((effect: Effect) => void) | undefined {
    return this.#kernel.onEffect;
  }
  set onEffect(listener: ((effect: Effect) => void) | undefined) {
    this.#kernel.onEffect = listener;
  }

  /** The volume of memfs on the same tree. */
  get volume(): Volume {
    this.#volume ??= new Volume(this.#kernel.store);
    return this.#volume;
  }

  /** All that is there now. Later changes do not show in it; file contents are shared, not copied. */
  snapshot(): Image {
    return takeImage(this.#kernel.root);
  }

  /** What was opened and not closed, with the paths that were given to `open`. */
  openDescriptors(): { readonly fd: number; readonly path: string }[] {
    return this.#kernel.files.flatMap((file, index) =>
      file === undefined ? [] : [{ fd: index + firstDescriptor, path: file.path }],
    );
  }

  /** What is in a directory, whoever may read it; `formatTree` says in which form. */
  tree(directory = "/"): string[] {
    this.#kernel.begin("readdir", [directory]);
    return formatTree(entriesIn(this.#kernel, directory));
  }

  /** Closes every descriptor, as the end of a process does. */
  closeAll(): void {
    for (const { fd } of this.openDescriptors()) this.sync("close", [fd]);
  }
}
