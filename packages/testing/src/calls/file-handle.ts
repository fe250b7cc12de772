import { EventEmitter } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import * as given from "./arguments.ts";
import type { Backend, Origin } from "./backend.ts";
import type { CallTable } from "./call.ts";
import { driveAsync, type Composite } from "./composite.ts";
import * as files from "./composites/files.ts";
import { handleReadStream, handleWriteStream } from "./streams.ts";
import { toReading, toVector, toVectorPosition, toWriting } from "./transfer.ts";
import { checkContent, writeContent } from "./write-content.ts";

type OnHandle = "fstat" | "fchmod" | "fchown" | "futimes" | "ftruncate" | "fsync" | "fdatasync";
type RestOf<Name extends OnHandle> =
  Parameters<CallTable[Name]> extends [number, ...infer Rest] ? Rest : never;

/**
 * What `promises.open` returns: Node's `FileHandle`, over a backend. Bad arguments are rejections, and
 * it emits `"close"`.
 */
export class FileHandle extends EventEmitter {
  readonly #backend: Backend;
  readonly #origin: (via: string) => Origin;
  #fd: number;
  /** Calls that are under way: closing waits for them, as in Node. */
  readonly #pending = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(backend: Backend, origin: (via: string) => Origin, fd: number) {
    super();
    this.#backend = backend;
    this.#origin = origin;
    this.#fd = fd;
  }

  /** -1 once it is closed, as in Node. */
  get fd(): number {
    return this.#fd;
  }

  close(): Promise<void> {
    if (this.#fd === -1) return Promise.resolve();
    this.#closing ??= this.#close(this.#origin("close"));
    return this.#closing;
  }

  async #close(from: Origin): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    const fd = this.#fd;
    this.#fd = -1; // whatever close(2) reports, Linux gives the descriptor back
    await this.#backend.async("close", [fd], from);
    this.emit("close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async read(...args: unknown[]): Promise<{ bytesRead: number; buffer: unknown }> {
    const { buffer, offset, length, position, given: into } = toReading(args);
    if (this.#fd === -1) throw closed("read");
    if (length === 0) return { bytesRead: 0, buffer: into }; // Node makes no call for nothing
    const bytesRead = await this.#under(
      this.#backend.async(
        "read",
        [this.#fd, buffer, offset, length, position],
        this.#origin("read"),
      ),
    );
    return { bytesRead, buffer: into };
  }

  async write(...args: unknown[]): Promise<{ bytesWritten: number; buffer: unknown }> {
    const { buffer, offset, length, position } = toWriting(args);
    if (this.#fd === -1) throw closed("write");
    const bytesWritten = await this.#under(
      this.#backend.async(
        "write",
        [this.#fd, buffer, offset, length, position],
        this.#origin("write"),
      ),
    );
    return { bytesWritten, buffer: args[0] };
  }

  async readv(
    buffers: readonly Uint8Array[],
    position?: unknown,
  ): Promise<{ bytesRead: number; buffers: readonly Uint8Array[] }> {
    const list = toVector(buffers);
    const work = (fd: number): Composite<number> =>
      files.moveVector("read", fd, list, toVectorPosition(position));
    return { bytesRead: await this.#drive(work, "readv"), buffers };
  }

  async writev(
    buffers: readonly Uint8Array[],
    position?: unknown,
  ): Promise<{ bytesWritten: number; buffers: readonly Uint8Array[] }> {
    const list = toVector(buffers);
    const work = (fd: number): Composite<number> =>
      files.moveVector("write", fd, list, toVectorPosition(position));
    return { bytesWritten: await this.#drive(work, "writev"), buffers };
  }

  async readFile(options?: unknown): Promise<string | Buffer> {
    const { encoding, signal } = given.toReadFile(options);
    given.throwIfAborted(signal);
    const work = (fd: number): Composite<Buffer> => files.readAll(fd, signal);
    return given.fromBytes(await this.#drive(work, "readFile"), encoding);
  }

  async writeFile(data: unknown, options?: unknown): Promise<void> {
    const { encoding, signal, flush } = given.toWriteFile(options, "w");
    checkContent(data);
    given.throwIfAborted(signal);
    if (this.#fd === -1) throw closed("writeFile");
    const [backend, fd, from] = [this.#backend, this.#fd, this.#origin("writeFile")];
    await this.#under(writeContent(backend, fd, data, encoding, from, signal));
    if (flush) await this.#under(backend.async("fsync", [fd], from));
  }

  async appendFile(data: unknown, options?: unknown): Promise<void> {
    await this.writeFile(data, options);
  }

  async stat(options?: unknown): Promise<unknown> {
    const { bigint } = given.toOptions<{ bigint: boolean }>(options);
    return await this.#call("fstat", { bigint: bigint === true });
  }

  async chmod(mode: unknown): Promise<void> {
    await this.#call("fchmod", given.toMode(mode));
  }

  async chown(uid: unknown, gid: unknown): Promise<void> {
    await this.#call("fchown", given.toOwner(uid, "uid"), given.toOwner(gid, "gid"));
  }

  async utimes(atime: unknown, mtime: unknown): Promise<void> {
    await this.#call("futimes", given.toTime(atime), given.toTime(mtime));
  }

  async truncate(length?: unknown): Promise<void> {
    await this.#call("ftruncate", given.toLength(length));
  }

  async sync(): Promise<void> {
    await this.#call("fsync");
  }

  async datasync(): Promise<void> {
    await this.#call("fdatasync");
  }

  createReadStream(options?: unknown): unknown {
    return handleReadStream(this, this.#backend, this.#origin, options);
  }

  createWriteStream(options?: unknown): unknown {
    return handleWriteStream(this, this.#backend, this.#origin, options);
  }

  readableWebStream(): unknown {
    return Readable.toWeb(this.createReadStream({ autoClose: false }) as Readable);
  }

  readLines(options?: unknown): unknown {
    const input = this.createReadStream(options) as Readable;
    return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  }

  // Where a call was made is on the stack only until the first `await`: these do not wait before it.

  #call<Name extends OnHandle>(
    name: Name,
    ...rest: RestOf<Name>
  ): Promise<ReturnType<CallTable[Name]>> {
    if (this.#fd === -1) return Promise.reject(closed(name));
    const args = [this.#fd, ...rest] as unknown as Parameters<CallTable[Name]>;
    return this.#under(this.#backend.async(name, args, this.#origin(name)));
  }

  #drive<Result>(composite: (fd: number) => Composite<Result>, via: string): Promise<Result> {
    if (this.#fd === -1) return Promise.reject(closed(via));
    return this.#under(driveAsync(this.#backend, composite(this.#fd), this.#origin(via)));
  }

  #under<Result>(work: Promise<Result>): Promise<Result> {
    this.#pending.add(work);
    const done = (): boolean => this.#pending.delete(work);
    work.then(done, done);
    return work;
  }
}

const closed = (via: string): Error =>
  Object.assign(new Error("file closed"), { code: "EBADF", syscall: via });
