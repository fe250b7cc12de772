import type { ReplaceFileReceipt } from "@holdfast/atomic";
import type { FileSystem, Operation, Steps } from "@holdfast/fs/steps";
import { readLockRequest } from "@holdfast/lock/steps";
import type { FileSettings } from "../document/options.ts";
import { locked } from "./locked.ts";
import type { Found, Place, PlaceFile, PlaceSettings } from "./place.ts";
import { readWhole } from "./read-whole.ts";

/** What a file by its path and one in a root have in common: the same steps over another port. */
export abstract class FilePlace implements Place, PlaceFile {
  readonly shown: string;
  readonly path: string;
  readonly fileSystem: FileSystem | undefined;
  protected readonly half: "async" | "sync";
  protected readonly settings: PlaceSettings;
  protected readonly isSibling: boolean;

  constructor(
    shown: string,
    path: string,
    fileSystem: FileSystem | undefined,
    half: "async" | "sync",
    settings: PlaceSettings,
    isSibling = false,
  ) {
    this.shown = shown;
    this.path = path;
    this.fileSystem = fileSystem;
    this.half = half;
    this.settings = settings;
    this.isSibling = isSibling;
  }

  get file(): PlaceFile {
    return this;
  }

  abstract sibling(suffix: string): Place & { readonly file: PlaceFile };

  abstract checkSettings(op: string, settings: FileSettings): void;

  abstract replace(
    operation: Operation,
    content: Uint8Array,
    settings: FileSettings,
  ): Steps<ReplaceFileReceipt>;

  read(operation: Operation, maxBytes: number): Steps<Found | undefined> {
    return readWhole(operation, this.path, maxBytes, this.isSibling ? "refuse" : "follow");
  }

  exclusively<T>(
    operation: Operation,
    body: (run: <R>(fn: () => R) => R, check: () => Steps<void>) => Steps<T>,
  ): Steps<T> {
    const { shown, path, half, fileSystem, settings } = this;
    const { op } = operation;
    const options = { timeoutMs: settings.lockTimeoutMs, purpose: op, fileSystem };
    const request = readLockRequest(op, shown, options, half, path);
    return locked(operation, request, settings, (held) =>
      body(
        (fn) => held.run(fn),
        () => held.check(operation),
      ),
    );
  }
}
