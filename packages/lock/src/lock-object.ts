import { Operation, requireCalls, runAsync, runSync } from "@holdfast/fs/steps";
import type { Held } from "./held.ts";
import type { Lock } from "./lock.ts";
import { noSynchronousForm } from "./read-lock-path.ts";
import { isPortOfRoot } from "./root-port.ts";
import type { LockRequest } from "./request.ts";

/** A held lock as callers see it: each method is a public edge. */
export class LockObject implements Lock {
  readonly path: string;
  readonly #held: Held;
  readonly #request: LockRequest;
  #releasing: Promise<void> | undefined;

  constructor(held: Held, request: LockRequest) {
    this.path = request.path;
    this.#held = held;
    this.#request = request;
  }

  get shared(): boolean {
    return this.#held.shared;
  }

  get signal(): AbortSignal {
    return this.#held.lost;
  }

  assertHeld(): void {
    const operation = this.#operation("lock.assertHeld");
    runSync(this.#held.checkNow(operation), operation);
  }

  run<Result>(fn: () => Result): Result {
    return this.#held.run(fn);
  }

  release(): Promise<void> {
    const operation = this.#operation("lock.release");
    // Two at once are one.
    const releasing = this.#releasing ?? runAsync(this.#held.release(operation), operation);
    this.#releasing = releasing;
    const forget = (): void => {
      this.#releasing = undefined;
    };
    releasing.then(forget, forget);
    return releasing;
  }

  releaseSync(): void {
    if (this.#held.isGone) return;
    const { fileSystem } = this.#request;
    if (isPortOfRoot(fileSystem)) throw noSynchronousForm("lock.releaseSync");
    requireCalls("lock.releaseSync", fileSystem, "sync", ["lstat", "unlink"]);
    const operation = this.#operation("lock.releaseSync");
    runSync(this.#held.release(operation), operation);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  [Symbol.dispose](): void {
    this.releaseSync();
  }

  #operation(op: string): Operation {
    return new Operation({ op, path: this.path, fileSystem: this.#request.fileSystem });
  }
}
