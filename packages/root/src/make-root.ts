import {
  closeFlushed,
  invalidCombination,
  runAsync,
  runSync,
  Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { performAsync, performSync } from "./call/perform.ts";
import type { RootCore } from "./call/root-core.ts";
import { createReadStream } from "./handles/read-stream.ts";
import { methods } from "./methods/method-table.ts";
import { makePromises, type RootPromises } from "./promises.ts";
import type { Root } from "./root.ts";
import type { RootSync } from "./root-sync.ts";
import { walkAsync, walkSync } from "./tree/walk-tree.ts";

const cores = new WeakMap<object, RootCore>();

/** What both forms have that is no call. The core is private: it could do more than the root. */
class Base {
  readonly containment: RootCore["strategy"]["containment"];
  constructor(core: RootCore) {
    this.containment = core.strategy.containment;
    cores.set(this, core);
  }
}

class AsyncRoot extends Base {
  private view: RootPromises | undefined;

  get promises(): RootPromises {
    this.view ??= makePromises(this as unknown as Root);
    return this.view;
  }
  createReadStream(...args: Parameters<Root["createReadStream"]>): unknown {
    return createReadStream(cores.get(this)!, this as unknown as Root, ...args);
  }
  walk(...args: Parameters<Root["walk"]>): unknown {
    return walkAsync(cores.get(this)!, ...args);
  }
  async close(): Promise<void> {
    const core = cores.get(this)!;
    await core.liveness.close(() => runAsync(letGo(core), operationOf(core, "close")));
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

class SyncRoot extends Base {
  walkSync(...args: Parameters<RootSync["walkSync"]>): unknown {
    return walkSync(cores.get(this)!, ...args);
  }
  close(): void {
    const core = cores.get(this)!;
    core.liveness.closeNow(() => runSync(letGo(core), operationOf(core, "close")));
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

for (const [name, method] of Object.entries(methods)) {
  Object.defineProperty(AsyncRoot.prototype, name, {
    value(this: AsyncRoot, ...args: unknown[]) {
      const core = cores.get(this);
      if (core === undefined) return Promise.reject(withoutRoot(name));
      return performAsync(core, name, method, args);
    },
  });
  Object.defineProperty(SyncRoot.prototype, `${name}Sync`, {
    value(this: SyncRoot, ...args: unknown[]) {
      const core = cores.get(this);
      if (core === undefined) throw withoutRoot(`${name}Sync`);
      return performSync(core, `${name}Sync`, method, args);
    },
  });
}

const withoutRoot = (op: string): TypeError =>
  invalidCombination(op, "called without its root; the methods of root.promises are bound");

/** The public object over a core. */
export function makeRoot(core: RootCore): Root {
  return new AsyncRoot(core) as unknown as Root;
}

/** The same, synchronous. */
export function makeRootSync(core: RootCore): RootSync {
  return new SyncRoot(core) as unknown as RootSync;
}

function* letGo({ top }: RootCore): Steps<void> {
  if (top.handle !== undefined) yield* closeFlushed(top.handle);
}

function operationOf({ fileSystem }: RootCore, op: string): Operation {
  return new Operation({ op, fileSystem });
}
