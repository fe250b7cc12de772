import {
  attempt,
  closeFlushed,
  errorCode,
  fstat,
  open,
  openFlags,
  permissionBits,
  read,
  Refusal,
  type CallName,
  type FileStats,
  type Handle,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { LogScanner, type ScanSettings } from "./log-scanner.ts";
import type { LogRecord } from "../options.ts";

/** What a function of the caller's threw: it goes to the caller as it is. */
export class CallerError {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** What reading a log needs of a file system. */
export const readerNeeds: readonly CallName[] = ["open", "closeFlushed", "read", "fstat"];

/** A log file that is open for reading, and the scanner that it is read into. */
export class LogInput {
  readonly scanner: LogScanner;
  readonly stats: FileStats;
  private readonly operation: Operation;
  private readonly handle: Handle;
  private isClosed = false;

  constructor(operation: Operation, handle: Handle, stats: FileStats, scanner: LogScanner) {
    this.operation = operation;
    this.handle = handle;
    this.stats = stats;
    this.scanner = scanner;
    scanner.mayQuote = !operation.platform.modes || (permissionBits(stats) & 0o077) !== 0;
  }

  /** The next record; `undefined` at the end. */
  *next(): Steps<LogRecord | undefined> {
    const { scanner } = this;
    for (;;) {
      const record = scanner.take();
      if (record !== undefined || scanner.buffer.isEnded) return record;
      const room = scanner.room();
      scanner.buffer.filled(yield* read(this.handle, room, scanner.buffer.position));
    }
  }

  /** The same file once more, from its beginning. */
  again(settings: ScanSettings): LogInput {
    return new LogInput(this.operation, this.handle, this.stats, new LogScanner(settings));
  }

  /** Its bytes, from a place on; none at the end. */
  *bytes(room: Uint8Array, position: number): Steps<Uint8Array> {
    return room.subarray(0, yield* read(this.handle, room, position));
  }

  *close(): Steps<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    yield* this.operation.cleanUp(closeFlushed(this.handle));
  }
}

/** Opens a log for reading. Nothing else is opened: a FIFO would wait for somebody who writes to it. */
export function* openLogInput(
  operation: Operation,
  path: string,
  scanner: LogScanner,
): Steps<LogInput> {
  const opened = yield* attempt(open(path, openFlags.readOnly | openFlags.nonBlocking));
  if (!opened.ok) {
    // What open(2) says of a socket.
    if (errorCode(opened.error) === "ENXIO") throw notAFile(opened.error);
    throw opened.error;
  }
  const handle = opened.value;
  try {
    const stats = yield* fstat(handle);
    if (stats.isDirectory()) throw new Refusal("EISDIR");
    if (!stats.isFile()) throw notAFile();
    return new LogInput(operation, handle, stats, scanner);
  } catch (error) {
    yield* operation.cleanUp(closeFlushed(handle));
    throw error;
  }
}

const notAFile = (cause?: unknown): Refusal =>
  new Refusal("ERR_NOT_FILE", { problem: "it is not a regular file", cause });
