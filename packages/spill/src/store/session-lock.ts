import { Operation, Refusal, runAsync, wait, type Steps } from "@holdfast/fs/steps";
import { acquire, portOfRoot, readLockRequest, type HeldLock } from "@holdfast/lock/steps";
import type { Root } from "@holdfast/root";

/** How long to wait for who is just ending or sweeping the session. */
const patienceMs = 30_000;
const purpose = "a session's spill store";

/** A share of the lock of a session: as long as it is held, nobody else removes the session's files. */
export class SessionLock {
  private readonly root: Root;
  private readonly session: string;
  private held: HeldLock;
  private renewing: Promise<void> | undefined;

  private constructor(root: Root, session: string, held: HeldLock) {
    this.root = root;
    this.session = session;
    this.held = held;
  }

  /**
   * Takes a share.
   *
   * @param alone is run first where nobody else has the session open, while nobody can open it
   */
  static async take(
    op: string,
    root: Root,
    session: string,
    alone: () => Promise<void>,
  ): Promise<SessionLock> {
    const operation = operationFor(op, root, session);
    const held = await runAsync(
      (function* (): Steps<HeldLock> {
        const whole = yield* acquire(operation, requestFor(op, root, session, false, 0));
        if (whole === undefined) return yield* share(operation, root, session);
        try {
          yield* wait(alone());
          yield* whole.share(operation);
          return whole;
        } catch (error) {
          yield* operation.cleanUp(whole.release(operation));
          throw error;
        }
      })(),
      operation,
    );
    return new SessionLock(root, session, held);
  }

  /** Takes it again if it was lost: to somebody who took a sleeping machine for a dead one, say. */
  async keep(): Promise<void> {
    if (!this.held.lost.aborted) return;
    this.renewing ??= this.renew().finally(() => {
      this.renewing = undefined;
    });
    await this.renewing;
  }

  private async renew(): Promise<void> {
    const operation = operationFor("spill", this.root, this.session);
    this.held = await runAsync(share(operation, this.root, this.session), operation);
  }

  /** Does something while nobody else has the session open; `undefined`, at once, if somebody has. */
  async whileAlone<T>(
    op: string,
    work: () => Promise<T>,
  ): Promise<{ readonly value: T } | undefined> {
    const operation = operationFor(op, this.root, this.session);
    const { held } = this;
    if (held.lost.aborted) return undefined;
    return await runAsync(
      held.whileAlone(
        operation,
        (function* (): Steps<T> {
          return yield* wait(work());
        })(),
      ),
      operation,
    );
  }

  async release(op: string): Promise<void> {
    const operation = operationFor(op, this.root, this.session);
    await runAsync(this.held.release(operation), operation);
  }
}

/** Does something to a session that nobody has open; `undefined`, at once, if somebody has. */
export async function withDeadSession<T>(
  op: string,
  root: Root,
  session: string,
  work: () => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  const operation = operationFor(op, root, session);
  return await runAsync(
    (function* (): Steps<{ readonly value: T } | undefined> {
      const held = yield* acquire(operation, requestFor(op, root, session, false, 0));
      if (held === undefined) return undefined;
      try {
        return { value: yield* wait(work()) };
      } finally {
        yield* operation.cleanUp(held.release(operation));
      }
    })(),
    operation,
  );
}

function* share(operation: Operation, root: Root, session: string): Steps<HeldLock> {
  const request = requestFor(operation.op, root, session, true, patienceMs);
  const held = yield* acquire(operation, request);
  if (held !== undefined) return held;
  throw new Refusal("ERR_LOCK_TIMEOUT", {
    problem: "somebody holds the lock of the session alone, as its end and a sweep do",
  });
}

function requestFor(
  op: string,
  root: Root,
  session: string,
  shared: boolean,
  timeoutMs: number,
): ReturnType<typeof readLockRequest> {
  return readLockRequest(op, { root, path: session }, { shared, timeoutMs, purpose }, "async");
}

function operationFor(op: string, root: Root, session: string): Operation {
  return new Operation({ op, path: session, fileSystem: portOfRoot(root.promises) });
}
