/** How much one session may have, and all of them. In bytes. */
export interface Limits {
  readonly maxSessionBytes: number;
  readonly maxStoreBytes: number;
}

/** A file that takes up space. */
export interface CountedFile {
  readonly session: string;
  /** Relative to the store. */
  readonly path: string;
  readonly bytes: number;
}

/** What is on disk, as it was counted and has changed since; and what is being written. */
class Account {
  reserved = 0;
  used = 0;
}

/**
 * The bytes of a store, for all who have it open in this process. What is written is reserved before, so that
 * calls that run at the same time cannot exceed together what each of them is allowed.
 */
export class Ledger {
  private readonly accounts = new Map<string, Account>();
  /** What is on disk, by path: whoever counts a file that is just being put in place counts it once. */
  private readonly files = new Map<string, CountedFile>();
  /** For each count under way, the files that were put in place since it began. */
  private readonly counts = new Set<CountedFile[]>();
  /** Files of ours that could not be removed. Nobody else counts them. */
  private readonly litter = new Map<string, CountedFile>();

  /** Sets bytes aside, or says which limit they would exceed. */
  reserve(session: string, bytes: number, limits: Limits): "session" | "store" | undefined {
    if (this.sessionBytes(session) + bytes > limits.maxSessionBytes) return "session";
    if (this.storeBytes + bytes > limits.maxStoreBytes) return "store";
    this.account(session).reserved += bytes;
    return undefined;
  }

  giveBack(session: string, bytes: number): void {
    this.account(session).reserved -= bytes;
  }

  /** What was reserved is on disk now, under this name. */
  settle(file: CountedFile): void {
    this.giveBack(file.session, file.bytes);
    this.add(file);
    for (const since of this.counts) since.push(file);
  }

  /** As {@link settle}, of what should not be there. */
  settleLitter(file: CountedFile): void {
    this.settle(file);
    this.litter.set(file.path, file);
  }

  removed(path: string): void {
    this.litter.delete(path);
    const file = this.files.get(path);
    if (file === undefined) return;
    this.files.delete(path);
    this.account(file.session).used -= file.bytes;
  }

  sessionBytes(session: string): number {
    const { used, reserved } = this.account(session);
    return used + reserved;
  }

  get storeBytes(): number {
    let bytes = 0;
    for (const { used, reserved } of this.accounts.values()) bytes += used + reserved;
    return bytes;
  }

  /**
   * Counts anew. What is removed while the disk is being read may still be counted: too much is refused rather than too
   * little.
   *
   * @param read the files that are there, without those that this process is writing
   */
  async recount(read: () => Promise<readonly CountedFile[]>): Promise<void> {
    const since: CountedFile[] = [];
    this.counts.add(since);
    try {
      const found = await read();
      this.files.clear();
      for (const account of this.accounts.values()) account.used = 0;
      for (const file of [...found, ...since, ...this.litter.values()]) this.add(file);
    } finally {
      this.counts.delete(since);
    }
  }

  private add(file: CountedFile): void {
    this.account(file.session).used += file.bytes - (this.files.get(file.path)?.bytes ?? 0);
    this.files.set(file.path, file);
  }

  private account(session: string): Account {
    let account = this.accounts.get(session);
    if (account === undefined) this.accounts.set(session, (account = new Account()));
    return account;
  }
}

interface Shared {
  readonly ledger: Ledger;
  users: number;
}

const ledgers = new WeakMap<object, Map<string, Shared>>();

/** The ledger of a directory, and what is to be called when it is not needed any more. */
export function shareLedger(
  fileSystem: object,
  directory: string,
): { readonly ledger: Ledger; readonly leave: () => void } {
  let known = ledgers.get(fileSystem);
  if (known === undefined) ledgers.set(fileSystem, (known = new Map()));
  let shared = known.get(directory);
  if (shared === undefined) known.set(directory, (shared = { ledger: new Ledger(), users: 0 }));
  const { ledger } = shared;
  const mine = shared;
  mine.users++;
  const leave = (): void => {
    if (--mine.users === 0) known.delete(directory);
  };
  return { ledger, leave };
}
