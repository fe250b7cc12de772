import { closeFlushed, Operation, type Handle, type Steps } from "@holdfast/fs/steps";
import { openForSync, syncDirectory } from "@holdfast/atomic/steps";

/**
 * The names in a directory, which is open before they are looked at or changed: so that a flush that fails between that and
 * ours, and may have lost them, is one of ours too.
 */
export class HeldNames {
  readonly path: string;
  private readonly operation: Operation;
  /** Which failures were known when it was opened is remembered for an operation: of other directories it knows others. */
  private readonly own: Operation;
  private held: { readonly handle: Handle | undefined } | undefined;

  constructor(operation: Operation, path: string) {
    this.path = path;
    this.operation = operation;
    const { op, fileSystem, offload } = operation;
    this.own = new Operation({ op, fileSystem, offload });
  }

  /** @throws `ENOENT` */
  *open(): Steps<void> {
    if (this.held !== undefined) return;
    this.held = { handle: yield* openForSync(this.own, this.path) };
  }

  *flush(): Steps<void> {
    yield* syncDirectory(this.own, this.path, this.held?.handle);
  }

  *close(): Steps<void> {
    const handle = this.held?.handle;
    this.held = undefined;
    if (handle !== undefined) yield* this.operation.cleanUp(closeFlushed(handle));
  }
}
