import {
  atExit,
  closeFlushed,
  notAtExit,
  Operation,
  Refusal,
  requireCalls,
  runAsync,
  runSync,
  type Steps,
} from "@holdfast/fs/steps";
import { serializeRecord } from "../../text/serialize-json.ts";
import { cutWhileAlone } from "./append-batch.ts";
import { AppendQueue, type WaitingLine } from "./append-queue.ts";
import { commitWaiting, publicError } from "./commit-waiting.ts";
import { inItsHalf } from "./open-log-file.ts";
import { closeRetired, flushLog, poisoned, type OpenLog } from "./open-log.ts";
import { noSynchronousForm } from "../log-file.ts";
import type { AppendReceipt, JsonLog, LogHealing } from "../options.ts";
import { appenderNeeds } from "./read-settings.ts";

/** The public object over an open log: collects what waits, and writes one batch after the other. */
export class AppendLog implements JsonLog {
  readonly path: string;
  readonly healed: LogHealing | undefined;
  private readonly log: OpenLog;
  private readonly exitKey: string;
  private readonly queue = new AppendQueue();
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;

  constructor(log: OpenLog, exitKey: string) {
    this.path = log.settings.file.shown;
    this.healed = log.healed;
    this.log = log;
    this.exitKey = exitKey;
    atExit(exitKey, () => this.writeAtExit());
  }

  // Not an async function: that would return another promise, with a rejection of its own to handle.
  append(value: unknown): Promise<AppendReceipt> {
    return new Promise((resolve, reject) => {
      // What this throws the promise is rejected with.
      this.queue.append(this.lineOf("append", value, resolve, reject));
      this.begin();
    });
  }

  appendSync(value: unknown): AppendReceipt {
    let receipt: AppendReceipt | undefined;
    let failure: unknown;
    const line = this.lineOf(
      "appendSync",
      value,
      (told) => (receipt = told),
      (error) => (failure = error),
    );
    const { file } = this.log.settings;
    if (file.isInRoot) throw noSynchronousForm(line.op);
    requireCalls(line.op, file.fileSystem, "sync", appenderNeeds);
    this.queue.append(line);
    this.commitNow();
    if (receipt === undefined) throw failure;
    return receipt;
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closing !== undefined) throw this.refusal("flush", new Refusal("ERR_CLOSED"));
      const { poison } = this.log;
      if (poison !== undefined) {
        poison.told = true;
        throw this.refusal("flush", poisoned(poison.error));
      }
      this.queue.flush({ resolve, reject });
      this.begin();
    });
  }

  close(): Promise<void> {
    if (this.closing === undefined) return (this.closing = this.end());
    // Who called it first was told what went wrong.
    return this.closing.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private refusal(op: string, refusal: unknown): unknown {
    return publicError(this.log.settings, op, refusal, "none");
  }

  private operation(op: string): Operation {
    const { file, offload } = this.log.settings;
    return new Operation({ op, path: file.shown, fileSystem: file.fileSystem, offload });
  }

  private lineOf(
    op: string,
    value: unknown,
    resolve: WaitingLine["resolve"],
    reject: WaitingLine["reject"],
  ): WaitingLine {
    const { poison, settings } = this.log;
    try {
      if (this.closing !== undefined) throw new Refusal("ERR_CLOSED");
      if (poison !== undefined) {
        poison.told = true;
        throw poisoned(poison.error);
      }
      const text = serializeRecord(value);
      const length = Buffer.byteLength(text) + 1;
      if (length > settings.maxRecordBytes) {
        throw new Refusal("ERR_TOO_LARGE", {
          problem: `the record has ${length} bytes, and ${settings.maxRecordBytes} are allowed`,
        });
      }
      return { op, text, length, resolve, reject };
    } catch (error) {
      throw this.refusal(op, error);
    }
  }

  private begin(): void {
    // In a microtask: what is appended in one go is one batch.
    this.running ??= Promise.resolve().then(() => this.run());
  }

  private async run(): Promise<void> {
    do {
      const operation = this.operation("append");
      await runAsync(commitWaiting(operation, this.log, this.queue, true), operation);
      await runAsync(closeRetired(operation, this.log), operation);
    } while (!this.queue.isIdle);
    // Now, and not when somebody notices the end of this promise: what came in between would wait for a
    // run that is over.
    this.running = undefined;
    this.planFlush();
  }

  /** Writes what waits, here and now. */
  private commitNow(): void {
    const operation = this.operation("appendSync");
    runSync(commitWaiting(operation, this.log, this.queue, false), operation);
    if (this.running === undefined) runSync(closeRetired(operation, this.log), operation);
    if (this.log.retired.length > 0) this.begin();
    if (this.log.settings.durability === "batch") this.flushSoon();
    else this.planFlush();
  }

  private flushSoon(): void {
    if (this.log.flushed >= this.log.written || this.log.poison !== undefined) return;
    this.queue.flushIsDue = true;
    this.begin();
  }

  private planFlush(): void {
    const { settings, written, flushed } = this.log;
    if (settings.durability !== "interval" || flushed >= written || this.closing !== undefined) {
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flushSoon();
    }, settings.flushIntervalMs);
  }

  private async end(): Promise<void> {
    clearTimeout(this.timer);
    await this.running;
    const operation = this.operation("close");
    operation.effect = "complete";
    try {
      await runAsync(this.letGo(operation), operation);
    } finally {
      notAtExit(this.exitKey);
    }
  }

  private *letGo(operation: Operation): Steps<void> {
    const { log } = this;
    try {
      if (log.poison === undefined) {
        if (log.torn !== undefined)
          yield* operation.cleanUp(cutWhileAlone(operation, log, log.torn));
        yield* flushLog(log);
      } else if (!log.poison.told) {
        throw poisoned(log.poison.error);
      }
    } finally {
      yield* operation.cleanUp(closeRetired(operation, log));
      yield* operation.cleanUp(inItsHalf(log.opened, closeFlushed(log.opened.handle)));
      yield* operation.cleanUp(log.lock.release(operation));
    }
    if (operation.suppressed.length > 0) throw operation.suppressed.shift();
  }

  /** What was only written would survive the end of the process; what still waits would not. */
  private writeAtExit(): void {
    const { log, queue } = this;
    const { durability, file } = log.settings;
    requireCalls("append", file.fileSystem, "sync", appenderNeeds);
    log.ending = true;
    if (queue.length > 0) {
      const operation = this.operation("append");
      runSync(commitWaiting(operation, log, queue, false), operation);
    }
    if (durability === "none" || durability === "each") return;
    runSync(flushLog(log), this.operation("flush"));
  }
}
