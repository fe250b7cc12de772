import {
  errorCode,
  stat,
  type FileStats,
  type HoldfastError,
  type Steps,
} from "@holdfast/fs/steps";
import type { StoreCall } from "./held-document.ts";
import { peek } from "./load.ts";
import type { StoreState } from "./state.ts";

/** What is known of the file from the looks at it so far. */
export class Watcher<Value> {
  private readonly state: StoreState<Value>;
  private print: string | undefined;
  /** Whether the file was read since it changed last, and long enough after that. */
  private settled = false;
  private failed: string | undefined;
  private isTold = false;

  constructor(state: StoreState<Value>) {
    this.state = state;
  }

  /** One look: reads the file if it is not what it was. */
  *look(call: StoreCall<Value>): Steps<void> {
    const { looks } = this.state;
    const print = printOf(yield* this.find(call));
    const isNew = print !== this.print;
    this.print = print;
    if (!isNew && this.settled) return;
    this.settled = false;
    const content = print === "" ? undefined : yield* peek(call);
    // Within one tick of its clock a file system shows no second change: so it is read twice.
    this.settled = !isNew;
    this.failed = undefined;
    this.isTold = false;
    // What was written here while this look was going on is newer than what it saw.
    if (content === undefined || looks !== this.state.looks) return;
    this.state.adopt(content, true, "others");
  }

  /** Whether the caller is to hear of an error: once, and not of what the next look finds in order. */
  isToTell(error: HoldfastError): boolean {
    const failure = `${error.code} ${this.print ?? ""}`;
    if (failure !== this.failed) {
      this.failed = failure;
      this.isTold = false;
      return false;
    }
    // Nothing more is to be seen until the file changes.
    this.settled = error.syscall === undefined;
    if (this.isTold) return false;
    this.isTold = true;
    return true;
  }

  /** A file that is gone is an error only if it was there. */
  private *find({ place }: StoreCall<Value>): Steps<FileStats | undefined> {
    try {
      return yield* stat(place.file.path);
    } catch (error) {
      this.print = undefined;
      if (errorCode(error) !== "ENOENT" || this.state.present) throw error;
      return undefined;
    }
  }
}

/** What differs between any two states of a file, as far as its file system shows it. */
function printOf(stats: FileStats | undefined): string {
  if (stats === undefined) return "";
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}
