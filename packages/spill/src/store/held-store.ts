import { Buffer } from "node:buffer";
import { invalidRange, invalidType, readWord, Refusal, requireObject } from "@holdfast/fs/steps";
import { sourceOfBytes, sourceOfPieces, sourceOfString, type Source } from "../content/source.ts";
import type {
  EndSessionOptions,
  ReadOptions,
  SpillData,
  SpillOptions,
  SweepOptions,
} from "../options.ts";
import { hookError } from "../preview/preview.ts";
import {
  readCapacity,
  readLimit,
  readSpillOptions,
  refuseUnknown,
} from "../settings/read-options.ts";
import type { CallSettings } from "../settings/settings.ts";
import type { KeptContent, SpillResult } from "../spill-result.ts";
import type {
  EndedSession,
  Page,
  Resolved,
  SpillStore,
  SpillUsage,
  SweptStore,
} from "../spill-store.ts";
import { bothSignals } from "./both-signals.ts";
import { errorOf } from "./errors.ts";
import { keepOutput } from "./keep-output.ts";
import type { OpenSession } from "./open-session.ts";
import { Output } from "./output.ts";
import { isPinned, pin, touch, unpin } from "./pins.ts";
import { pageOf } from "./read-back.ts";
import { removeSession, throwFailures } from "./remove-session.ts";
import { keptResult, spilledResult, truncatedResult } from "./results.ts";
import { sweepStore } from "./sweep-store.ts";

/** The public object over an open session: each method is a public edge. */
export class HeldStore implements SpillStore {
  readonly session: string;
  readonly #open: OpenSession;
  readonly #calls = new Set<Promise<unknown>>();
  readonly #ending = new AbortController();
  #closing: Promise<unknown> | undefined;

  constructor(open: OpenSession) {
    this.session = open.settings.session;
    this.#open = open;
  }

  async spill<Data extends SpillData>(
    id: string,
    data: Data,
    options?: SpillOptions,
  ): Promise<SpillResult<KeptContent<Data>>> {
    const op = "spill";
    if (typeof id !== "string") throw invalidType(op, "id", "a string", id);
    const settings = readSpillOptions(op, options, this.#open.settings.call);
    const source = sourceOf(op, data);
    return await this.#underWay(this.#spill(id, data, source, settings));
  }

  async resolve(ref: string): Promise<Resolved> {
    const op = "resolve";
    if (typeof ref !== "string") throw invalidType(op, "ref", "a string", ref);
    const { readBack, root, pathOf } = this.#live(op);
    return await this.#underWay(
      readBack.withProved(op, ref, true, async (_, { session, file, bytes, sha256 }) => {
        const pinned = await isPinned(root, session, file);
        return { status: "ok", path: pathOf(`${session}/${file}`), bytes, sha256, pinned };
      }),
    );
  }

  async read(ref: string, options: ReadOptions = {}): Promise<Page> {
    const op = "read";
    if (typeof ref !== "string") throw invalidType(op, "ref", "a string", ref);
    requireObject(op, options);
    refuseUnknown(op, options, ["offset", "maxBytes"]);
    const offset = readLimit(op, "offset", options.offset, 0);
    const maxBytes = readCapacity(op, "maxBytes", options.maxBytes, 16 * 1024);
    // A reader that goes on at `nextOffset` would do so for ever.
    if (maxBytes === 0) throw invalidRange(op, "maxBytes", "at least 1", maxBytes);
    if (offset === Infinity) throw invalidType(op, "offset", "a finite number", offset);
    const { readBack } = this.#live(op);
    return await this.#underWay(
      readBack.withProved(op, ref, false, (handle, found) =>
        pageOf(handle, found, offset, maxBytes),
      ),
    );
  }

  async pin(ref: string): Promise<boolean> {
    return await this.#onFile("pin", ref, (file) => pin(this.#open.root, this.session, file));
  }

  async unpin(ref: string): Promise<boolean> {
    return await this.#onFile("unpin", ref, (file) => unpin(this.#open.root, this.session, file));
  }

  async touch(ref: string): Promise<boolean> {
    return await this.#onFile("touch", ref, (file) => touch(this.#open.root, this.session, file));
  }

  usage(): SpillUsage {
    const { ledger, settings } = this.#open;
    const { maxSessionBytes, maxStoreBytes } = settings;
    const sessionBytes = ledger.sessionBytes(this.session);
    return { sessionBytes, maxSessionBytes, storeBytes: ledger.storeBytes, maxStoreBytes };
  }

  async sweep(options: SweepOptions): Promise<SweptStore> {
    const op = "sweep";
    requireObject(op, options);
    refuseUnknown(op, options, ["maxAgeMs"]);
    const { maxAgeMs } = options;
    if (maxAgeMs === undefined) throw invalidType(op, "maxAgeMs", "a number", maxAgeMs);
    const age = readLimit(op, "maxAgeMs", maxAgeMs, 0);
    return await this.#underWay(sweepStore(this.#live(op), Date.now() - age));
  }

  async endSession(options: EndSessionOptions = {}): Promise<EndedSession> {
    const op = "endSession";
    requireObject(op, options);
    refuseUnknown(op, options, ["pinned"]);
    const pinned = readWord(op, "pinned", options.pinned, ["keep", "remove"]);
    this.#live(op);
    this.#ending.abort(new Error("the session was ended"));
    const ending = this.#end(op, pinned === "keep");
    this.#closing = ending;
    return await ending;
  }

  close(): Promise<void> {
    const closing = this.#closing ?? this.#finish("close");
    // Who called it first was told what went wrong.
    if (this.#closing !== undefined) return closing.then(nothing, nothing);
    this.#closing = closing;
    return closing as Promise<void>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #spill<Data extends SpillData>(
    id: string,
    data: Data,
    source: Source,
    settings: CallSettings,
  ): Promise<SpillResult<KeptContent<Data>>> {
    const never = new AbortController().signal;
    const closed = this.#closing !== undefined;
    const { signal, unlink } = bothSignals(closed ? never : this.#ending.signal, settings.signal);
    const output = new Output(source, settings, signal);
    const leftovers: string[] = [];
    const told = this.#open.pathOf(this.session);
    try {
      const { exempt, error } = this.#isExempt(id);
      if (!(await output.readUntilTooBig(exempt))) {
        const content = source.bytes === undefined ? output.joined() : data;
        return keptResult(content as KeptContent<Data>, output, error);
      }
      if (closed) throw new Refusal("ERR_CLOSED");
      await this.#open.lock.keep();
      await this.#open.litter.remove();
      const kept = await keepOutput(this.#open, id, output, settings, leftovers);
      const path = this.#open.pathOf(`${this.session}/${kept.file}`);
      return spilledResult(id, output, { ...kept, session: this.session, path }, settings, error);
    } catch (failure) {
      const paths = leftovers.map((path) => this.#open.pathOf(path));
      return await truncatedResult(id, output, failure, { path: told, leftovers: paths }, settings);
    } finally {
      unlink();
      output.release();
    }
  }

  #isExempt(id: string): { exempt: boolean; error: ReturnType<typeof hookError> | undefined } {
    try {
      const answer: unknown = this.#open.settings.exempt?.(id);
      // A promise, or what a regular expression found, would be taken for a no, and the reader tool would loop.
      if (typeof answer !== "boolean" && answer !== undefined) {
        throw new TypeError("exempt must return true or false");
      }
      return { exempt: answer === true, error: undefined };
    } catch (cause) {
      return { exempt: false, error: hookError(id, cause) };
    }
  }

  async #onFile(
    op: string,
    ref: string,
    act: (file: string) => Promise<boolean>,
  ): Promise<boolean> {
    if (typeof ref !== "string") throw invalidType(op, "ref", "a string", ref);
    const { readBack, pathOf } = this.#live(op);
    const parsed = readBack.parse(ref);
    if (parsed === undefined) return false;
    try {
      return await this.#underWay(act(parsed.file));
    } catch (error) {
      throw errorOf(op, pathOf(`${this.session}/${parsed.file}`), error);
    }
  }

  async #end(op: string, keepPinned: boolean): Promise<EndedSession> {
    const { root, lock, ledger, shown, pathOf } = this.#open;
    await Promise.allSettled(this.#calls);
    let ended: EndedSession = { ended: false, removedFiles: 0, removedBytes: 0, keptFiles: 0 };
    try {
      const keep = { pinned: keepPinned, sinceMs: Infinity };
      const alone = await lock.whileAlone(op, () => removeSession(root, this.session, keep));
      if (alone !== undefined) {
        const { files, bytes, keptFiles, failures, removed } = alone.value;
        for (const { path } of removed) ledger.removed(path);
        ended = { ended: true, removedFiles: files, removedBytes: bytes, keptFiles };
        throwFailures(op, shown, failures, pathOf);
      }
    } catch (error) {
      await this.#finish(op).catch(nothing); // closed as far as can be; the first failure is told
      throw errorOf(op, shown, error, error as { effect?: "partial"; leftovers?: string[] });
    }
    await this.#finish(op);
    return ended;
  }

  async #finish(op: string): Promise<void> {
    const { root, lock, litter, leave, shown } = this.#open;
    await Promise.allSettled(this.#calls);
    await litter.remove();
    leave();
    const ends = [await settled(lock.release(op)), await settled(root.close())];
    const failed = ends.find((end) => end.status === "rejected");
    if (failed === undefined) return;
    const { reason } = failed as { reason: { leftovers?: string[] } };
    throw errorOf(op, shown, reason, { leftovers: reason.leftovers });
  }

  #live(op: string): OpenSession {
    if (this.#closing === undefined) return this.#open;
    throw errorOf(op, this.#open.shown, undefined, { code: "ERR_CLOSED" });
  }

  async #underWay<T>(call: Promise<T>): Promise<T> {
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }
}

const nothing = (): void => {};

const settled = async (promise: Promise<void>): Promise<PromiseSettledResult<void>> =>
  (await Promise.allSettled([promise]))[0];

function sourceOf(op: string, data: unknown): Source {
  if (typeof data === "string") return sourceOfString(data, Buffer.byteLength(data));
  if (ArrayBuffer.isView(data)) {
    return sourceOfBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return sourceOfPieces(op, data);
}
