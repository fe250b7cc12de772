import { invalidCombination } from "@holdfast/fs/steps";

/** One piece of a segment: a character after a backslash, a wildcard, or a character. */
const piece = /\\(.?)|(\*)|(\?)|([{}[\]])|(.)/gsu;
const special = /[\\^$.*?|+()[\]{}]/;

/**
 * A glob as a regular expression over whole paths: `**` stands for any number of directories (none
 * too), `*` for any part of one name, `?` for one character of it, a backslash takes the meaning from
 * the special character after it. Names that begin with a dot are names like others: those of staged
 * files often do.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) for braces and brackets without a backslash: elsewhere they
 *   mean a choice, and a glob that silently matches nothing makes a test that tests nothing
 */
export function globToRegExp(glob: string): RegExp {
  const segments = glob.split("/");
  let source = "";
  segments.forEach((segment, at) => {
    const last = at === segments.length - 1;
    if (segment === "**") {
      source += last ? ".*" : "(?:[^/]*/)*";
      return;
    }
    for (const [, escaped, star, one, choice, plain] of segment.matchAll(piece)) {
      const cannotBeEscaped = escaped !== undefined && !special.test(escaped);
      if (choice !== undefined || cannotBeEscaped) throw notUnderstood(glob);
      if (star !== undefined) source += "[^/]*";
      else if (one !== undefined) source += "[^/]";
      else source += literal(escaped ?? plain!);
    }
    if (!last) source += "/";
  });
  return new RegExp(`^${source}$`, "su");
}

const literal = (character: string): string =>
  special.test(character) ? `\\${character}` : character;

const notUnderstood = (glob: string): Error =>
  invalidCombination(
    "glob",
    `${JSON.stringify(glob)} has what is not understood: there is ** for directories, * and ? within a name, and \\ before one of []{}*?\\ that is meant itself; for a choice, use or(path(…), path(…))`,
  );
