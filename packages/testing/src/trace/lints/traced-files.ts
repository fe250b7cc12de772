import { dirname, resolve } from "node:path";
import { O_CREAT, O_EXCL, O_SYNC, O_TRUNC } from "../../calls/constants.ts";
import { isWithin } from "../paths.ts";
import type { TracedCall } from "../trace.ts";

/** What is known of one file or directory, whatever its name is by now. */
export interface TracedFile {
  /** The call that made it, if it was made in the trace. */
  made: TracedCall | undefined;
  /** Where it was made, or found. */
  readonly firstPath: string;
  /** Whether data was written to it in the trace. */
  filled: boolean;
  /** The last change of its data that no flush has covered. */
  unsynced: TracedCall | undefined;
  /** The first flush that failed. */
  flushFailed: TracedCall | undefined;
  /** A failure of fsync or close that nothing has been done about. */
  failed: TracedCall | undefined;
}

/** A change of a directory that has not been flushed. */
export interface EntryChange {
  readonly call: TracedCall;
  readonly path: string;
  readonly kind: "made" | "removed" | "directory";
  /** Whether the name was not there before the trace, so that taking it away again undoes it. */
  readonly fresh: boolean;
}

interface Flush {
  readonly file: TracedFile;
  readonly unsynced: TracedCall | undefined;
  readonly changes: readonly EntryChange[];
}

/** Failures that mean "this cannot be flushed", not "this was not flushed". */
const notSupported: ReadonlySet<string> = new Set([
  "EINVAL",
  "EBADF",
  "EISDIR",
  "EPERM",
  "ENOTSUP",
  "ENOSYS",
]);

/** Follows files through a trace: their names, what of them is on disk, what failed. */
export class TracedFiles {
  readonly #byPath = new Map<string, TracedFile>();
  readonly #open = new Map<
    number,
    { readonly file: TracedFile; readonly paths: readonly string[]; readonly synced: boolean }
  >();
  /** By path: what was done to the directory entry and is not flushed. */
  readonly #changes = new Map<string, EntryChange>();
  readonly #flushes = new Map<TracedCall, Flush>();
  readonly #closing = new Map<TracedCall, TracedFile>();

  /** What a path leads to, as far as the trace knows. */
  at(path: string): TracedFile {
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const file = newFile(path);
    this.#byPath.set(path, file);
    return file;
  }

  /** What a call on a descriptor is made on. */
  of(call: TracedCall): TracedFile | undefined {
    return call.fd === undefined ? undefined : this.#open.get(call.fd)?.file;
  }

  /** Every file that is known, once. */
  all(): ReadonlySet<TracedFile> {
    return new Set([...this.#byPath.values(), ...[...this.#open.values()].map(({ file }) => file)]);
  }

  pathOf(file: TracedFile): string {
    for (const [path, other] of this.#byPath) if (other === file) return path;
    return file.firstPath;
  }

  hasName(file: TracedFile): boolean {
    return [...this.#byPath.values()].includes(file);
  }

  unflushed(): EntryChange[] {
    return [...this.#changes.values()];
  }

  begin(call: TracedCall): void {
    const { name, fd } = call;
    if (name === "write" || name === "ftruncate") {
      const open = fd === undefined ? undefined : this.#open.get(fd);
      if (open !== undefined && name === "write") open.file.filled = true;
      if (open !== undefined && !open.synced) open.file.unsynced = call;
    } else if (name === "fsync" || name === "fdatasync") {
      this.#beginFlush(call);
    } else if (name === "close" && fd !== undefined) {
      const open = this.#open.get(fd);
      if (open !== undefined) this.#closing.set(call, open.file);
      this.#open.delete(fd); // at once: the number may be another file's before this call ends
    }
  }

  end(call: TracedCall): void {
    if (call.error === undefined) this.#succeeded(call);
    else this.#failed(call);
  }

  #beginFlush(call: TracedCall): void {
    const open = call.fd === undefined ? undefined : this.#open.get(call.fd);
    if (open === undefined) return;
    const changes = this.unflushed().filter(({ path }) => open.paths.includes(dirname(path)));
    this.#flushes.set(call, { file: open.file, unsynced: open.file.unsynced, changes });
  }

  #failed(call: TracedCall): void {
    const { name, error } = call;
    if (name !== "fsync" && name !== "fdatasync" && name !== "close") return;
    const file = name === "close" ? this.#closing.get(call) : this.#flushes.get(call)?.file;
    if (file === undefined || notSupported.has(error!)) return;
    file.failed = call;
    if (name !== "close") file.flushFailed ??= call;
  }

  #succeeded(call: TracedCall): void {
    const { name, paths } = call;
    const [path, to] = paths as [string, string];
    switch (name) {
      case "open":
        return this.#opened(call, path);
      case "fsync":
      case "fdatasync":
        return this.#flushed(call);
      case "truncate":
        this.at(call.target ?? path).unsynced = call;
        return;
      case "mkdir":
        return this.#created(call, path, "directory");
      case "mkdtemp":
        return this.#created(
          call,
          resolve((call.result as string | Buffer).toString()),
          "directory",
        );
      case "symlink":
        return this.#created(call, to, "made");
      case "link":
        this.#byPath.set(to, this.at(path));
        return this.#note({ call, path: to, kind: "made", fresh: true });
      case "unlink":
      case "rmdir":
        this.#byPath.delete(path);
        return this.#note({ call, path, kind: "removed", fresh: false });
      case "rename":
        return this.#renamed(call, path, to);
      default:
    }
  }

  #opened(call: TracedCall, asked: string): void {
    const path = call.target ?? asked; // what is flushed and written is what a link leads to
    const flags = call.args[1] as number;
    const creates = (flags & O_CREAT) !== 0;
    const exclusive = creates && (flags & O_EXCL) !== 0;
    if (exclusive || (creates && call.existed === false)) this.#created(call, path, "made");
    const file = this.at(path);
    // Made or emptied by this call: it is the program's own from here on.
    if (creates) file.made ??= call;
    if ((flags & O_TRUNC) !== 0 && call.existed === true) file.unsynced = call;
    this.#open.set(call.fd!, { file, paths: [path, asked], synced: (flags & O_SYNC) === O_SYNC });
  }

  #created(call: TracedCall, path: string, kind: "made" | "directory"): void {
    this.#byPath.set(path, { ...newFile(path), made: call });
    this.#note({ call, path, kind, fresh: true });
  }

  #renamed(call: TracedCall, from: string, to: string): void {
    this.at(from);
    this.#note({ call, path: from, kind: "removed", fresh: false });
    for (const path of [...this.#byPath.keys()].filter((each) => isWithin(to, each))) {
      this.#byPath.delete(path);
    }
    // Of a directory, all that is in it too.
    for (const [path, file] of [...this.#byPath].filter(([each]) => isWithin(from, each))) {
      this.#byPath.delete(path);
      this.#byPath.set(to + path.slice(from.length), file);
    }
    for (const [path, change] of [...this.#changes].filter(
      ([each]) => each !== from && isWithin(from, each),
    )) {
      this.#changes.delete(path);
      const moved = to + path.slice(from.length);
      this.#changes.set(moved, { ...change, path: moved });
    }
    this.#note({ call, path: to, kind: "made", fresh: false });
  }

  #note(change: EntryChange): void {
    const before = this.#changes.get(change.path);
    // What was never on disk and is gone again has left nothing to flush.
    if (change.kind === "removed" && before?.fresh === true) this.#changes.delete(change.path);
    else this.#changes.set(change.path, { ...change, fresh: change.fresh && before === undefined });
  }

  #flushed(call: TracedCall): void {
    const flush = this.#flushes.get(call);
    if (flush === undefined) return;
    const { file, unsynced, changes } = flush;
    if (file.unsynced === unsynced) file.unsynced = undefined;
    file.failed = undefined; // that it was tried again is another rule's
    for (const change of changes) {
      if (this.#changes.get(change.path) === change) this.#changes.delete(change.path);
    }
  }
}

const newFile = (firstPath: string): TracedFile => ({
  made: undefined,
  firstPath,
  filled: false,
  unsynced: undefined,
  flushFailed: undefined,
  failed: undefined,
});
