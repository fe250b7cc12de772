import type { CallSettings, StoreSettings } from "../settings/settings.ts";
import { Reservation } from "./budget.ts";
import type { Ledger } from "./ledger.ts";
import type { Litter } from "./litter.ts";
import { baseOf } from "./names.ts";
import type { Output } from "./output.ts";
import { StagedOutput, type Workplace } from "./staged-output.ts";
import type { Turns } from "./turns.ts";

/** What an output needs to be kept. */
export interface Keeper {
  readonly place: Workplace;
  readonly settings: StoreSettings;
  readonly ledger: Ledger;
  readonly litter: Litter;
  readonly turns: Turns;
  /** Reads from disk how much there is. */
  recount(): Promise<void>;
}

/** An output that is on disk. */
export interface KeptFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Puts an output on disk: reserved, written aside, flushed, and then given its name. Whatever it throws, nothing of it
 * is left there, or `leftovers` names it.
 *
 * @throws `OverBudget`, `SourceFailure`, an abort, or what the file system says
 */
export async function keepOutput(
  keeper: Keeper,
  id: string,
  output: Output,
  settings: CallSettings,
  leftovers: string[],
): Promise<KeptFile> {
  const { place, ledger, litter, turns } = keeper;
  const reservation = new Reservation(ledger, keeper.settings, () => keeper.recount());
  const { knownBytes } = output;
  const reserve = async (bytes: number): Promise<void> => {
    if (knownBytes === undefined) await reservation.add(bytes);
  };
  const staged = new StagedOutput(place);
  let keptAt: string | undefined;
  let isOpen = false;
  try {
    if (knownBytes !== undefined) await reservation.add(knownBytes);
    isOpen = true;
    await staged.open();
    for (const bytes of output.takeHeld()) {
      await reserve(bytes.length);
      await staged.write(bytes);
    }
    for (let bytes = await output.next(); bytes !== undefined; bytes = await output.next()) {
      await reserve(bytes.length);
      await staged.write(bytes);
    }
    await staged.finish();
    const { meter } = output;
    const sha256 = meter.digest();
    const extension = settings.extension ?? (meter.isUtf8 ? "txt" : "bin");
    const content = { bytes: meter.bytes, sha256, extension };
    const base = baseOf(id);
    const { file, isNew } = await turns.take(base, async () => {
      output.throwIfAborted();
      return await staged.publish(base, content);
    });
    if (isNew) keptAt = `${place.session}/${file}`;
    return { file, bytes: meter.bytes, sha256 };
  } finally {
    // A name that could not be taken back is that of a whole file: it stays as one, until its session ends.
    const named = keptAt ?? staged.nameLeft;
    if (named !== undefined) reservation.settle(named);
    if (staged.nameLeft !== undefined) leftovers.push(staged.nameLeft);
    if (keptAt !== undefined) {
      // There is nothing else.
    } else if (!isOpen || (await discarded(staged))) {
      reservation.giveBack();
    } else {
      // It takes up space until it can be removed.
      reservation.settleLitter(staged.path);
      litter.add(staged.path);
      leftovers.push(staged.path);
    }
  }
}

async function discarded(staged: StagedOutput): Promise<boolean> {
  try {
    await staged.discard();
    return true;
  } catch {
    return false; // told by its name
  }
}
