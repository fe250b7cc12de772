import type { BigIntStats, Dirent, Stats } from "node:fs";
import type { ReplaceFileReceipt, SyncFileContent } from "@holdfast/atomic";
import type { RootDirSync } from "./handles/root-dir.ts";
import type {
  CallOptions,
  CopyInOptions,
  CopyOptions,
  CopyOutOptions,
  CopyReceipt,
  CopyTreeOptions,
  CreateOptions,
  ListOptions,
  MakeDirectoryOptions,
  OpenDirectoryOptions,
  OpenOptions,
  RemoveOptions,
  RenameOptions,
  RootPath,
  SubRootOptions,
  Time,
  WalkEntry,
  WalkOptions,
  WriteOptions,
} from "./options.ts";
import type { Containment } from "./walk/strategy.ts";

/** A synchronous call cannot be interrupted. */
type Sync<Options> = Omit<Options, "signal">;

/**
 * A {@link Root} whose methods do their work in one go on this thread: the same bodies, the same
 * promises, names that end in `Sync`. What is said there of a method holds here. A call does not wait
 * for asynchronous ones that are under way on the same files. `openSync` returns a descriptor.
 */
export interface RootSync extends Disposable {
  readonly containment: Containment;
  readFileSync(
    path: RootPath,
    options?: (CallOptions & { encoding?: "buffer" | null | undefined }) | null,
  ): Buffer;
  readFileSync(
    path: RootPath,
    options: BufferEncoding | (CallOptions & { encoding: BufferEncoding }),
  ): string;
  readFileSync(
    path: RootPath,
    options?:
      | BufferEncoding
      | (CallOptions & { encoding?: BufferEncoding | "buffer" | null | undefined })
      | null,
  ): string | Buffer;
  openSync(
    path: RootPath,
    flags?: string | number,
    mode?: number | string,
    options?: Sync<OpenOptions>,
  ): number;
  statSync(path: RootPath, options?: CallOptions & { bigint?: false | undefined }): Stats;
  statSync(
    path: RootPath,
    options: CallOptions & { bigint?: false | undefined; throwIfNoEntry: false },
  ): Stats | undefined;
  statSync(path: RootPath, options: CallOptions & { bigint: true }): BigIntStats;
  statSync(
    path: RootPath,
    options?: CallOptions & { bigint?: boolean | undefined },
  ): Stats | BigIntStats;
  lstatSync(path: RootPath, options?: CallOptions & { bigint?: false | undefined }): Stats;
  lstatSync(
    path: RootPath,
    options: CallOptions & { bigint?: false | undefined; throwIfNoEntry: false },
  ): Stats | undefined;
  lstatSync(path: RootPath, options: CallOptions & { bigint: true }): BigIntStats;
  lstatSync(
    path: RootPath,
    options?: CallOptions & { bigint?: boolean | undefined },
  ): Stats | BigIntStats;
  accessSync(path: RootPath, mode?: number, options?: CallOptions): void;
  existsSync(path: RootPath, options?: CallOptions): boolean;
  readdirSync(
    path: RootPath,
    options?: BufferEncoding | (Sync<ListOptions> & { withFileTypes?: false | undefined }) | null,
  ): string[];
  readdirSync(
    path: RootPath,
    options:
      | "buffer"
      | (Sync<ListOptions> & { encoding: "buffer"; withFileTypes?: false | undefined }),
  ): Buffer[];
  readdirSync(path: RootPath, options: Sync<ListOptions> & { withFileTypes: true }): Dirent[];
  readdirSync(
    path: RootPath,
    options?: BufferEncoding | "buffer" | Sync<ListOptions> | null,
  ): string[] | Buffer[] | Dirent[];
  opendirSync(path: RootPath, options?: Sync<OpenDirectoryOptions>): RootDirSync;
  readlinkSync(path: RootPath, options?: BufferEncoding | CallOptions | null): string;
  readlinkSync(path: RootPath, options: CallOptions & { encoding: "buffer" }): Buffer;
  realpathSync(path: RootPath, options?: BufferEncoding | CallOptions | null): string;
  walkSync(path?: RootPath, options?: Sync<WalkOptions>): IterableIterator<WalkEntry>;

  writeFileSync(
    path: RootPath,
    data: SyncFileContent,
    options?: BufferEncoding | (Sync<WriteOptions> & { flag?: "w" | "wx" | undefined }) | null,
  ): ReplaceFileReceipt;
  writeFileSync(
    path: RootPath,
    data: SyncFileContent,
    options: Sync<WriteOptions> & { flag: "a" },
  ): void;
  writeFileSync(
    path: RootPath,
    data: SyncFileContent,
    options?: BufferEncoding | Sync<WriteOptions> | null,
  ): ReplaceFileReceipt | void;
  createSync(
    path: RootPath,
    data: SyncFileContent,
    options?: BufferEncoding | Sync<CreateOptions> | null,
  ): ReplaceFileReceipt;
  appendFileSync(
    path: RootPath,
    data: SyncFileContent,
    options?: BufferEncoding | Sync<CreateOptions> | null,
  ): void;
  copyFileSync(
    source: RootPath,
    destination: RootPath,
    mode?: number,
    options?: Sync<CopyOptions>,
  ): void;
  cpSync(source: RootPath, destination: RootPath, options?: Sync<CopyTreeOptions>): void;
  mkdirSync(
    path: RootPath,
    options?: number | string | Sync<MakeDirectoryOptions> | null,
  ): string | undefined;
  mkdtempSync(prefix: string, options?: BufferEncoding | CallOptions | null): string;
  renameSync(from: RootPath, to: RootPath, options?: Sync<RenameOptions>): void;
  rmSync(path: RootPath, options?: Sync<RemoveOptions>): void;
  rmdirSync(path: RootPath, options?: CallOptions): void;
  unlinkSync(path: RootPath, options?: CallOptions): void;
  symlinkSync(target: string, path: RootPath, type?: string | null, options?: CallOptions): void;
  linkSync(existing: RootPath, path: RootPath, options?: CallOptions): void;
  truncateSync(path: RootPath, length?: number, options?: CallOptions): void;
  chmodSync(path: RootPath, mode: number | string, options?: CallOptions): void;
  utimesSync(path: RootPath, atime: Time, mtime: Time, options?: CallOptions): void;

  copyInSync(
    source: string | URL | Exclude<SyncFileContent, string>,
    destination: RootPath,
    options?: Sync<CopyInOptions>,
  ): ReplaceFileReceipt;
  copyOutSync(
    source: RootPath,
    destination: string | URL,
    options?: Sync<CopyOutOptions>,
  ): CopyReceipt;

  openRootSync(path: RootPath, options?: Sync<SubRootOptions>): RootSync;
  close(): void;
}
