import { createHash } from "node:crypto";
import { isSame, type Content } from "./content.ts";
import type { DeepReadonly } from "./deep-readonly.ts";
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

  /** Of the bytes that say this content, where they alone do: a schema may say something else each time. */
  private source: string | undefined;

  /** Changes by others that the caller was not told of yet. */
  private changes: { readonly value: DeepReadonly<Value>; readonly before: DeepReadonly<Value> }[] =
    [];

  /**
   * To be called while the lock is held, or if nothing was adopted since reading began.
   *
   * @param source bytes of which nothing but this content can be read
   */
  adopt(content: Content<Value>, present: boolean, by: "us" | "others", source?: Uint8Array): void {
    const before = this.content;
    this.content = content;
    this.source = source === undefined ? undefined : digestOf(source);
    this.present = present;
    this.looks++;
    if (by === "us" || before === undefined) return;
    if (before === content || isSame(before.body, content.body)) return;
    this.changes.push({ value: content.value, before: before.value });
  }

  /** What bytes say, if that is known: they are those of the last look. */
  contentOf(bytes: Uint8Array): Content<Value> | undefined {
    return this.source !== undefined && this.source === digestOf(bytes) ? this.content : undefined;
  }

  takeChanges(): readonly {
    readonly value: DeepReadonly<Value>;
    readonly before: DeepReadonly<Value>;
  }[] {
    const { changes } = this;
    this.changes = [];
    return changes;
  }
}

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");
