import type { Root } from "@holdfast/root";
import type { Keeper } from "./keep-output.ts";
import type { ReadBack } from "./read-back.ts";
import type { SessionLock } from "./session-lock.ts";

/** A session that is open, for what is done in it. */
export interface OpenSession extends Keeper {
  readonly root: Root;
  /** The store's directory as it was given, for errors. */
  readonly shown: string;
  readonly lock: SessionLock;
  readonly readBack: ReadBack;
  /** The path of a file in the store, as the caller can use it. */
  readonly pathOf: (path: string) => string;
  /** Lets go of the ledger. */
  readonly leave: () => void;
}
