import {
  attempt,
  HoldfastError,
  Operation,
  Refusal,
  runAsync,
  runSync,
  type Steps,
} from "@holdfast/fs/steps";
import type { HeldLock } from "./held-lock.ts";
import { moveToShares } from "./protocol/move-to-shares.ts";
import type { OwnFile } from "./protocol/own-file.ts";
import type { LockRequest } from "./request.ts";
import { runKnowing, setOwn } from "./thread/own-locks.ts";
import { leaveQueue, queueKey, type Turn } from "./thread/turns.ts";
import { whileAlone } from "./while-alone.ts";

/** A lock that is held. */
export class Held implements HeldLock {
  private readonly request: LockRequest;
  private readonly file: OwnFile;
  private readonly op: string;
  private turn: Turn | undefined;
  private timer: NodeJS.Timeout | undefined;
  private state: "held" | "lost" | "released" = "held";
  private controller: AbortController | undefined;
  /** Odd while it is being moved. */
  private moves = 0;
  private finished = false;
  private lossError: HoldfastError | undefined;

  constructor(operation: Operation, request: LockRequest, file: OwnFile, turn: Turn | undefined) {
    this.op = operation.op;
    this.request = request;
    this.file = file;
    this.turn = turn;
    this.planHeartbeat();
  }

  get shared(): boolean {
    return this.file.at !== this.file.names.entry;
  }

  /** Whether it has been given back, and not only begun to be. */
  get isGone(): boolean {
    return this.finished;
  }

  get lost(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.lossError !== undefined) this.controller.abort(this.lossError);
    }
    return this.controller.signal;
  }

  run<Result>(fn: () => Result): Result {
    const { nonce, names } = this.file;
    const { fileSystem } = this.request;
    return runKnowing({ nonce, key: queueKey(names.entry), fileSystem }, fn);
  }

  *check(operation: Operation): Steps<void> {
    if (this.state === "released") throw new Refusal("ERR_CLOSED");
    if (this.state === "held") yield* this.look(operation, this.file.isFresh);
    this.refuseIfLost();
  }

  /** The same synchronously: where the file system cannot do that, it is what the last look found. */
  *checkNow(operation: Operation): Steps<void> {
    const { fileSystem } = this.request;
    const canLook = fileSystem === undefined || typeof fileSystem.lstatSync === "function";
    if (canLook && this.state === "held") yield* this.look(operation, false);
    this.refuseIfLost();
  }

  refuseIfLost(): void {
    if (this.state === "lost") throw lostRefusal();
    if (this.state === "released") throw new Refusal("ERR_CLOSED");
  }

  /** After the release: whether it was lost before that. */
  refuseIfEverLost(): void {
    if (this.lossError !== undefined) throw lostRefusal();
  }

  /** @param briefly nobody can have taken it for dead: then it is enough that it is there */
  private *look(operation: Operation, briefly: boolean): Steps<void> {
    const { file, moves } = this;
    if (moves % 2 === 1) return;
    const look = briefly ? file.isAt(operation, file.at) : file.prove(operation, file.at);
    const held = yield* file.inOwnHalf(operation, look);
    // Moved to where it is shared while we looked: then it is not lost.
    if (!held && this.state === "held" && this.moves === moves) this.lose();
  }

  *release(operation: Operation): Steps<void> {
    // A second call while a first one is under way does what that has not begun: a synchronous one
    // cannot wait for it.
    if (this.finished) return;
    const before = this.state;
    this.state = "released";
    clearTimeout(this.timer);
    yield* this.file.inOwnHalf(operation, this.takeAway(operation, before));
  }

  private *takeAway(operation: Operation, before: typeof this.state): Steps<void> {
    const { file } = this;
    const removed = yield* attempt(file.remove(operation, file.at));
    if (removed.ok && removed.value === "lost" && before === "held") this.lose();
    // A private name that could not be removed before is removed here, too; and the lock if it was only
    // for a moment that it could not be.
    const nothingLeft = yield* file.discard(operation);
    this.endTurn();
    if (!removed.ok && !nothingLeft) throw removed.error;
    this.finished = true;
  }

  private endTurn(): void {
    if (this.turn !== undefined) leaveQueue(this.turn);
    this.turn = undefined;
  }

  *share(operation: Operation): Steps<void> {
    this.refuseIfLost();
    if (this.shared) return;
    this.moves++;
    let moved: boolean;
    try {
      moved = yield* this.file.inOwnHalf(operation, moveToShares(operation, this.file));
    } finally {
      this.moves++;
    }
    if (!moved) this.lose();
    this.refuseIfLost();
    this.endTurn();
  }

  *whileAlone<T>(operation: Operation, steps: Steps<T>): Steps<{ readonly value: T } | undefined> {
    this.refuseIfLost();
    const { file, request } = this;
    return yield* file.inOwnHalf(operation, whileAlone(operation, request, file, steps));
  }

  private lose(): void {
    if (this.lossError !== undefined) return;
    if (this.state === "held") this.state = "lost";
    clearTimeout(this.timer);
    this.file.doubt();
    setOwn(this.file.nonce, "abandoned");
    this.endTurn();
    this.lossError = new HoldfastError({
      op: this.op,
      path: this.request.path,
      effect: "none",
      code: "ERR_LOCK_LOST",
      ...lostDetails,
    });
    this.controller?.abort(this.lossError);
    const { onCompromised } = this.request;
    // Not from here: what it throws is for nobody who asked for something else.
    if (onCompromised !== undefined) process.nextTick(onCompromised, this.lossError);
  }

  private planHeartbeat(): void {
    this.timer = setTimeout(() => this.beatNow(), this.request.heartbeatMs);
    this.timer.unref();
  }

  private beatNow(): void {
    const { op, request, file } = this;
    const { path, fileSystem } = request;
    const operation = new Operation({ op, path, fileSystem });
    const again = (): void => {
      if (this.state === "held") this.planHeartbeat();
    };
    if (file.synchronous) {
      try {
        runSync(this.look(operation, false), operation);
      } catch {
        // It is tried again.
      }
      again();
    } else {
      void runAsync(this.look(operation, false), operation).then(again, again);
    }
  }
}

const lostDetails = {
  problem: "the lock is not held any more: somebody removed it or took it over",
  hint: "Somebody else may hold it now. Stop what you do under it.",
};

function lostRefusal(): Refusal {
  return new Refusal("ERR_LOCK_LOST", lostDetails);
}
