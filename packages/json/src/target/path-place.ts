import type { ReplaceFileReceipt } from "@holdfast/atomic";
import { readOptions, replaceFileUnchecked, type Request } from "@holdfast/atomic/steps";
import { readBoolean, type Operation, type Steps } from "@holdfast/fs/steps";
import type { FileSettings } from "../document/options.ts";
import { FilePlace } from "./file-place.ts";

/** A file by its path. */
export class PathPlace extends FilePlace {
  sibling(suffix: string): PathPlace {
    const { shown, path, fileSystem, half, settings } = this;
    return new PathPlace(shown + suffix, path + suffix, fileSystem, half, settings, true);
  }

  checkSettings(op: string, settings: FileSettings): void {
    this.requestOf(op, settings);
  }

  replace(
    operation: Operation,
    content: Uint8Array,
    settings: FileSettings,
  ): Steps<ReplaceFileReceipt> {
    const request = this.requestOf(operation.op, settings);
    return replaceFileUnchecked(operation, request, { kind: "bytes", bytes: content });
  }

  private requestOf(op: string, settings: FileSettings): Request {
    const { mode, dirMode, durable, hardlinks, ownership, readonly } = settings;
    const { inPlaceFallback } = settings;
    const symlinks = this.isSibling ? "replace" : settings.symlinks;
    const checked = readOptions(
      op,
      {
        filePath: this.shown,
        mode,
        dirMode,
        syncTempFile: readBoolean(op, "durable", durable, true),
        symlinks,
        hardlinks,
        ownership,
        readonly,
        inPlaceFallback,
        fileSystem: this.fileSystem,
      },
      this.half,
      false,
    );
    // Absolute since the call began: the working directory may be another by now.
    return { ...checked, target: this.path };
  }
}
