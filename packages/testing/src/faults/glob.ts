const special = /[\\^$.|+()[\]{}]/g;

/**
 * A glob as a regular expression over whole paths: `**` stands for any number of directories (none
 * too), `*` for any part of one name, `?` for one character of it. Names that begin with a dot are
 * names like others: those of staged files often do.
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
    source += segment
      .replaceAll(special, String.raw`\$&`)
      .replaceAll("*", "[^/]*")
      .replaceAll("?", "[^/]");
    if (!last) source += "/";
  });
  return new RegExp(`^${source}$`, "su");
}
