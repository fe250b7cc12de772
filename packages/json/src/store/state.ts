import { sameBytes, type Content } from "./content.ts";
import type { StoreRecovery } from "./options.ts";

/** What a store knows of its file. */
export class StoreState<Value> {
  content: Content<Value> | undefined;
  /** Whether there was a file at the last look. */
  present = false;
  recovery: StoreRecovery | undefined;
  migratedFrom: number | undefined;
  /** Counts what was adopted: what somebody began to read before that is out of date. */
  looks = 0;

  /** Changes by others that the caller was not told of yet. */
  private changes: { readonly value: Value; readonly before: Value }[] = [];

  /** To be called while the lock is held, or if nothing was adopted since reading began. */
  adopt(content: Content<Value>, present: boolean, by: "us" | "others"): void {
    const before = this.content;
    this.content = content;
    this.present = present;
    this.looks++;
    if (by === "us" || before === undefined) return;
    if (sameBytes(before.canonical, content.canonical)) return;
    this.changes.push({ value: content.value, before: before.value });
  }

  takeChanges(): readonly { readonly value: Value; readonly before: Value }[] {
    const { changes } = this;
    this.changes = [];
    return changes;
  }
}
