import { invalidCombination, invalidType } from "@holdfast/fs/steps";

/**
 * What may have become of a write that no flush made durable.
 *
 * - `"nothing"`: it never happened. The file keeps its size, unless a later write that did happen lies
 *   beyond it: then there are zeros between.
 * - `"zeros"`: the file has its new size, and what the write added to it reads as zeros. Zeros come from
 *   blocks that are new: where there were bytes before, these are still there.
 * - `"part"`: a part of it happened. Its front, up to a page boundary of the file (4096 bytes: where a
 *   write begins does not matter), or half of a short one, or all but its last byte; and of a write over
 *   several pages, which reach the disk in any order, all but the first page, or only the last. These
 *   stand for all other parts.
 * - `"all"`: it happened.
 */
export type WriteFate = "nothing" | "zeros" | "part" | "all";

/**
 * What a file system promises about a power loss, as data. Write your own for a disk that is worse, or
 * better, than the built-in ones.
 *
 * In every model:
 *
 * - A change is one link, unlink or rename, one write, one truncation, or one change of attributes.
 *   A new file or directory comes and goes with its first name.
 * - A file has the time of the newest of its writes, truncations and changes of attributes that is on the
 *   disk.
 * - `fsync` of a file makes its contents, its size and its attributes durable. `fdatasync` makes its
 *   contents and its size durable; what else `fsync` would take along, it takes along only if the size
 *   has changed.
 * - `fsync` of a directory makes its names durable, but not what the files of these names contain.
 * - After an `fsync` that failed, the writes before it may be lost for ever, whatever a later one says.
 * - What no name leads to is gone. A directory has one name: of several, the newest counts.
 *
 * @example
 * // A disk that keeps the order of names, and never shows a new file in part:
 * const careful = { ...powerLossModels.ext4, name: "careful", writes: ["nothing", "all"] };
 * await exploreCrashes(scenario, { models: [careful] });
 */
export interface PowerLossModel {
  /** Letters, digits, `-`, `_`, `.`: it appears in reports and replay strings. */
  readonly name: string;
  /**
   * Which of the changes to names, attributes and sizes that no flush made durable may be on the disk.
   *
   * - `"prefix"`: as they were made, up to some moment. It may come by itself at any time: another
   *   program's `fsync` is enough.
   * - `"any"`: any of them. A rename from one directory to another may have brought the new name and
   *   left the old one, never the other way round.
   */
  readonly order: "prefix" | "any";
  /**
   * What a successful `fsync` makes durable.
   *
   * - `"inode"`: the file, or the names in the directory, and nothing else. Not the name of the file.
   * - `"names"`: also the names of the file or directory, and the directories that lead to them. With
   *   the order `"prefix"` these overtake what was changed before and not flushed.
   * - `"everything"`: also every change of names, sizes and attributes, whosoever, up to the last change
   *   of the file or directory that is flushed (`fdatasync` of a file: of its size). What came after that
   *   is not committed, and if nothing was changed in it, nothing is. Not what other files contain.
   */
  readonly fsync: "inode" | "names" | "everything";
  /** What may become of a write that no flush made durable: at least `"nothing"` and `"all"`. */
  readonly writes: readonly WriteFate[];
}

export type ModelName = "posix" | "ext4" | "xfs" | "btrfs";

/**
 * The built-in models. `posix` is what a program may rely on everywhere, and allows all that the others
 * allow. It does not allow whatever the standard fails to forbid: POSIX says of a crash hardly anything. A
 * rename from one directory to another does not lose both names, though nothing forbids that; a rename
 * within a directory does not come half; nothing that was durable before is damaged, but where it was
 * written over; and parts of a write are bounded by what `WriteFate` says.
 *
 * The others are never kinder than what was measured on Linux 6.18 with default options, and stricter where
 * the kindness was a heuristic:
 *
 * - In all of them an unflushed write may be found as nothing, zeros, a part, or all of it: of a record
 *   that was being appended and flushed, the tail was short or zeros on ext4, xfs and btrfs alike. For
 *   whole new files on xfs and btrfs, which were found empty or whole, that is stricter than it need be.
 * - `ext4` and `xfs` have one journal: the order of all metadata is kept, and `fsync` commits it as far as
 *   the last change of what it flushes. (ext4 waits for that transaction, xfs for that place in its log.)
 *   Contents are not in the journal. On ext4 the size of a file can be committed before its blocks are
 *   marked as written (an `fsync` of the directory right after a rename does it): it reads as zeros.
 *   What was measured does not tell the two apart as models.
 * - `btrfs` commits all metadata now and then, and in between logs only what was flushed: a flushed
 *   file, its names and their directories overtake the rest.
 * - Truncations are metadata here, so that a file truncated to be written anew may be found empty, on
 *   btrfs too, which tries to avoid it.
 */
export const powerLossModels: { readonly [Name in ModelName]: PowerLossModel } = {
  posix: {
    name: "posix",
    order: "any",
    fsync: "inode",
    writes: ["nothing", "zeros", "part", "all"],
  },
  ext4: {
    name: "ext4",
    order: "prefix",
    fsync: "everything",
    writes: ["nothing", "zeros", "part", "all"],
  },
  xfs: {
    name: "xfs",
    order: "prefix",
    fsync: "everything",
    writes: ["nothing", "zeros", "part", "all"],
  },
  btrfs: {
    name: "btrfs",
    order: "prefix",
    fsync: "names",
    writes: ["nothing", "zeros", "part", "all"],
  },
};

const allowed = {
  order: ["prefix", "any"],
  fsync: ["inode", "names", "everything"],
  writes: ["nothing", "zeros", "part", "all"],
} as const;

/** The models that an option names or is. @throws TypeError (`ERR_INVALID_ARG`) */
export function toModels(
  op: string,
  given: readonly (ModelName | PowerLossModel)[] = ["posix", "ext4", "xfs", "btrfs"],
): PowerLossModel[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw invalidType(op, "models", "an array of at least one model", given);
  }
  const models = (given as readonly (ModelName | PowerLossModel)[]).map((one, index) =>
    toModel(op, one, `models[${index}]`),
  );
  if (new Set(models.map(({ name }) => name)).size < models.length) {
    throw invalidCombination(op, "two models have the same name");
  }
  return models;
}

function toModel(op: string, given: unknown, where: string): PowerLossModel {
  if (typeof given === "string") {
    if (Object.hasOwn(powerLossModels, given)) return powerLossModels[given as ModelName];
    throw invalidType(op, where, `one of ${Object.keys(powerLossModels).join(", ")}`, given);
  }
  if (typeof given !== "object" || given === null) {
    throw invalidType(op, where, "the name of a model, or a model", given);
  }
  const model = given as PowerLossModel;
  if (typeof model.name !== "string" || !/^[\w.-]+$/.test(model.name) || model.name === "end") {
    throw invalidType(op, `${where}.name`, "letters, digits, - _ . (and not end)", model.name);
  }
  for (const key of ["order", "fsync"] as const) {
    if (!(allowed[key] as readonly string[]).includes(model[key])) {
      throw invalidType(op, `${where}.${key}`, `one of ${allowed[key].join(", ")}`, model[key]);
    }
  }
  const { writes } = model;
  const known = Array.isArray(writes) && writes.every((fate) => allowed.writes.includes(fate));
  if (!known || !writes.includes("nothing") || !writes.includes("all")) {
    const expected = `an array of ${allowed.writes.join(", ")}, with "nothing" and "all"`;
    throw invalidType(op, `${where}.writes`, expected, writes);
  }
  return model;
}
