import { Operation, runAsync, type Steps } from "@holdfast/fs/steps";
import type { PruneReport } from "../results.ts";
import type { OpenSession } from "../session/open-session.ts";
import type { Gate } from "../tracking/gate.ts";
import { refuseInsideHook } from "../tracking/inside-hook.ts";
import { refuseIfPending } from "../tracking/refuse-if-pending.ts";
import { prune } from "./prune.ts";

/** How far over the limit a session may be before the background is set to work: each time costs a rewrite. */
const slack = 1.1;

/** When a session is pruned: one run at a time, off the path of edits. */
export class Retention {
  private readonly session: OpenSession;
  private readonly gate: Gate;
  private running: Promise<PruneReport> | undefined;
  private begun = false;
  private readonly ending = new AbortController();

  constructor(session: OpenSession, gate: Gate) {
    this.session = session;
    this.gate = gate;
  }

  /** By the caller's wish. */
  async prune(signal: AbortSignal | undefined): Promise<PruneReport> {
    await this.settled();
    return await this.start("prune", signal);
  }

  /** After a snapshot: in the background, once for each session that is open, and where there are too many. */
  afterSnapshot(): void {
    const { request, history } = this.session;
    const tooMany = history.snapshots.length > request.limits.maxSnapshots * slack;
    if (request.retention === "manual" || (this.begun && !tooMany)) return;
    if (this.running !== undefined || history.interrupted !== undefined) return;
    this.start("makeSnapshot", this.ending.signal).catch((error: unknown) => {
      // Nobody waits for it, nothing was lost, and it is tried again: but somebody should know.
      if (!this.ending.signal.aborted) process.emitWarning(error as Error);
    });
  }

  /** What runs in the background is given up, and what somebody waits for is waited for. */
  async end(): Promise<void> {
    this.ending.abort();
    await this.settled();
  }

  /** When what is running has ended, however it did: whoever started it is told. */
  private async settled(): Promise<void> {
    while (this.running !== undefined) await this.running.catch(() => {});
  }

  private start(op: string, signal: AbortSignal | undefined): Promise<PruneReport> {
    const { session, gate } = this;
    const { store: path, fileSystem, offload } = session.request;
    const operation = new Operation({ op, path, fileSystem, signal, offload });
    this.begun = true;
    const running = runAsync(pruneUnlessPending(operation, session, gate), operation).finally(
      () => {
        if (this.running === running) this.running = undefined;
      },
    );
    this.running = running;
    return running;
  }
}

function* pruneUnlessPending(
  operation: Operation,
  session: OpenSession,
  gate: Gate,
): Steps<PruneReport> {
  refuseInsideHook(session);
  refuseIfPending(session.history);
  return yield* prune(operation, session, (slice) => gate.exclusive(slice));
}
