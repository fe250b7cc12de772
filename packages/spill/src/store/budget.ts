import type { SpillReason } from "../spill-result.ts";
import type { StoreSettings } from "../settings/settings.ts";
import type { Ledger } from "./ledger.ts";

/** A limit that an output would exceed. */
export class OverBudget {
  readonly reason: SpillReason;
  readonly problem: string;
  constructor(what: "file" | "session" | "store", limit: number) {
    this.reason = `over-${what}-budget`;
    const whose = what === "file" ? "one output" : `the ${what}`;
    this.problem = `${whose} may have at most ${limit} bytes on disk`;
  }
}

/** What one output has reserved: before it is written, and given back if it is not kept. */
export class Reservation {
  private readonly ledger: Ledger;
  private readonly settings: StoreSettings;
  private readonly recount: () => Promise<void>;
  private bytes = 0;
  private recounted = false;

  constructor(ledger: Ledger, settings: StoreSettings, recount: () => Promise<void>) {
    this.ledger = ledger;
    this.settings = settings;
    this.recount = recount;
  }

  /** @throws {@link OverBudget} */
  async add(bytes: number): Promise<void> {
    const { maxFileBytes, maxSessionBytes, maxStoreBytes, session } = this.settings;
    if (this.bytes + bytes > maxFileBytes) throw new OverBudget("file", maxFileBytes);
    for (;;) {
      const limit = this.ledger.reserve(session, bytes, this.settings);
      if (limit === undefined) break;
      if (this.recounted) {
        throw new OverBudget(limit, limit === "session" ? maxSessionBytes : maxStoreBytes);
      }
      // Another process may have removed something since.
      this.recounted = true;
      await this.recount();
    }
    this.bytes += bytes;
  }

  giveBack(): void {
    this.ledger.giveBack(this.settings.session, this.bytes);
    this.bytes = 0;
  }

  /** It is on disk, and stays. */
  settle(path: string): void {
    this.ledger.settle({ session: this.settings.session, path, bytes: this.bytes });
    this.bytes = 0;
  }

  /** It is on disk, and should not be. */
  settleLitter(path: string): void {
    this.ledger.settleLitter({ session: this.settings.session, path, bytes: this.bytes });
    this.bytes = 0;
  }
}
