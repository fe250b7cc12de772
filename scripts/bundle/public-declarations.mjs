// Joins the declarations that tsc wrote for each module into those that a package publishes: what its
// entries export and what that refers to, each with its comment, and nothing else. One entry: one
// file. Several: shared.d.ts holds them all, and each entry exports its part of it. What only the entry
// `steps` leads to is for packages of this repository, whose authors read the source: no comments.
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync } from "rolldown/utils";

/** The published declarations, file name to text, of entries whose modules are NAME.d.ts in `folder`. */
export function publicDeclarations(folder, entries) {
  const modules = new ModuleSet(folder);
  const exportsOf = new Map(entries.map((entry) => [entry, modules.exportsOf(`${entry}.d.ts`)]));
  const all = new Map();
  for (const [name, exported] of [...exportsOf.values()].flatMap((names) => [...names])) {
    if ((all.get(name) ?? exported).meaning !== exported.meaning)
      throw new Error(`${folder}: two entries export a ${name}, but not the same one`);
    all.set(name, exported);
  }
  const home = entries.length === 1 ? entries[0] : "shared";
  const documented = [...exportsOf]
    .filter(([entry]) => entry !== "steps")
    .flatMap(([, names]) => [...names.values()].map(({ meaning }) => meaning));
  const files = [[`${home}.d.ts`, declarationsText(modules, all, documented)]];
  for (const [entry, names] of exportsOf)
    if (entry !== home)
      files.push([
        `${entry}.d.ts`,
        exportList(names, `./${home}.js`) + augmentations(modules, entry, names, home),
      ]);
  return files.map(([name, text]) => [name, withTabs(text)]);
}

/** tsc indents with four spaces; a tab is as good to read, and a hundredth of what is packed. */
function withTabs(text) {
  return text.replace(/^(?: {4})+/gm, (spaces) => "\t".repeat(spaces.length / 4));
}

/**
 * What an entry adds to the types of another package (`declare module "vitest"`): in its own file,
 * since whoever uses the other entries need not have that package.
 */
function augmentations(modules, entry, names, home) {
  const module = modules.module(`${entry}.d.ts`);
  const nodes = module.body.filter(augments);
  const used = new Set();
  for (const { node, meaning } of nodes.flatMap((one) => referencesIn(modules, module, one))) {
    if (names.get(node.name)?.meaning !== meaning)
      throw new Error(`${entry}: what it adds to another package uses ${node.name}: export it`);
    used.add(node.name);
  }
  if (nodes.length === 0) return "";
  // without an import of its own TypeScript does not look for the package
  const packages = nodes.map(({ id }) => `import ${id.raw};\n`).join("");
  const imports = `${packages}import type { ${[...used].join(", ")} } from "./${home}.js";\n`;
  return imports + nodes.map(({ start, end }) => `${module.text.slice(start, end)}\n`).join("");
}

const augments = (node) => node.type === "TSModuleDeclaration" && node.id.type === "Literal";

/**
 * The parsed modules, and what a name means in them. A meaning is `{ module, name, nodes }` for what
 * is declared here, `{ source, name }` for what comes from another package; there is one object for
 * each, so they can be compared.
 */
class ModuleSet {
  #folder;
  #modules = new Map();
  #external = new Map();

  constructor(folder) {
    this.#folder = folder;
  }

  module(path) {
    const known = this.#modules.get(path);
    if (known) return known;
    const file = join(this.#folder, path);
    if (!existsSync(file))
      throw new Error(`${file} is missing: delete ${this.#folder} and build again`);
    const text = readFileSync(file, "utf8");
    const { program, comments, errors } = parseSync(file, text, { lang: "dts" });
    if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
    const module = { path, text, comments, body: program.body, declared: new Map() };
    for (const node of program.body)
      for (const name of declaredNames(node, file)) {
        const declaration = module.declared.get(name) ?? { module, name, nodes: [] };
        declaration.nodes.push(node); // several for an overloaded function
        module.declared.set(name, declaration);
      }
    this.#modules.set(path, module);
    return module;
  }

  /** What a module exports: name to `{ meaning, typeOnly }`, in the order of the module. */
  exportsOf(path) {
    const module = this.module(path);
    const names = new Map();
    for (const node of module.body) {
      const from = node.source?.value;
      if (node.type === "ExportAllDeclaration") {
        if (node.exported || !from.startsWith("."))
          throw new Error(`${path}: only "export * from" a module of the package is understood`);
        for (const [name, exported] of this.exportsOf(target(path, from)))
          if (!names.has(name)) names.set(name, exported);
      } else if (node.type === "ExportNamedDeclaration") {
        const typeOnly = typesOnly.has(node.declaration?.type);
        for (const name of declaredNames(node))
          names.set(name, { meaning: module.declared.get(name), typeOnly });
        for (const { local, exported, exportKind } of node.specifiers)
          names.set(exported.name, {
            meaning: from
              ? this.#imported(path, from, local.name)
              : this.meaning(module, local.name),
            typeOnly: node.exportKind === "type" || exportKind === "type",
          });
      }
    }
    return names;
  }

  /** What a name means inside a module; nothing if it is a global one or a type parameter. */
  meaning(module, name) {
    const declaration = module.declared.get(name);
    if (declaration) return declaration;
    for (const { type, source, specifiers } of module.body) {
      if (type !== "ImportDeclaration") continue;
      for (const { local, imported } of specifiers)
        if (local.name === name) return this.#imported(module.path, source.value, imported?.name);
    }
  }

  #imported(path, from, name) {
    if (from.startsWith(".")) {
      const exported = this.exportsOf(target(path, from)).get(name);
      if (!exported) throw new Error(`${path}: ${from} does not export ${name}`);
      return exported.meaning;
    }
    const key = `${name} ${from}`;
    const meaning = this.#external.get(key) ?? { source: from, name };
    this.#external.set(key, meaning);
    return meaning;
  }
}

const typesOnly = new Set(["TSInterfaceDeclaration", "TSTypeAliasDeclaration"]);

function target(path, specifier) {
  return posix.join(posix.dirname(path), specifier.replace(/\.[jt]s$/, ".d.ts"));
}

function declaredNames(node, file) {
  const declaration = node.type === "ExportNamedDeclaration" ? node.declaration : node;
  switch (declaration?.type) {
    case undefined:
    case "ImportDeclaration":
    case "ExportAllDeclaration":
      return [];
    case "VariableDeclaration":
      return declaration.declarations.map(({ id }) => id.name);
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSDeclareFunction":
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return [declaration.id.name];
    case "TSModuleDeclaration":
      if (augments(declaration)) return [];
    // falls through
    default:
      throw new Error(`${file}: ${declaration.type} is not understood`);
  }
}

/** One module with every declaration that is exported or referred to, and these exports. */
function declarationsText(modules, exported, documented) {
  const withComments = reachable(modules, documented);
  const kept = reachable(
    modules,
    [...exported.values()].map(({ meaning }) => meaning),
  );
  const names = outputNames(kept, exported);
  const referred = new Set([...kept.values()].flat().map(({ meaning }) => meaning));
  const isInline = (meaning) => exported.get(names.get(meaning))?.meaning === meaning;

  const imports = [];
  const statements = new Map(); // one statement may declare several names
  for (const [meaning, references] of kept)
    if (meaning.source) {
      if (referred.has(meaning))
        imports.push([meaning.source, alias(meaning.name, names.get(meaning))]);
    } else
      for (const node of meaning.nodes) {
        const { module } = meaning;
        const text = statementText(module, node, isInline(meaning), references, names);
        statements.set(node, withComments.has(meaning) ? text : withoutComments(text));
      }

  const local = [];
  const foreign = new Map();
  for (const [name, { meaning, typeOnly }] of exported)
    if (meaning.source) {
      const list = foreign.get(meaning.source) ?? new Map();
      foreign.set(meaning.source, list.set(name, { meaning, typeOnly }));
    } else if (!isInline(meaning)) local.push(alias(names.get(meaning), name));

  return [
    ...grouped(imports).map(
      ([from, list]) => `import type { ${list.join(", ")} } from "${from}";\n`,
    ),
    ...statements.values(),
    ...[...foreign].map(([from, list]) => exportList(list, from)),
    // with an export list, even an empty one, what does not say `export` is private
    `export { ${local.join(", ")} };\n`.replace("{  }", "{}"),
  ].join("");
}

/** A declaration with its comment, the names in it replaced by those they have in the output. */
function statementText({ text, comments }, node, isExported, references, names) {
  const comment = comments.findLast(
    ({ start, end }) =>
      end <= node.start &&
      text.slice(end, node.start).trim() === "" &&
      text.startsWith("/**", start),
  );
  const { start, end } = node.declaration ?? node;
  let result = text.slice(start, end);
  const inside = references.filter((at) => at.node.start >= start && at.node.end <= end);
  for (const at of inside.toSorted((a, b) => b.node.start - a.node.start)) {
    const from = at.node.start - start;
    result =
      result.slice(0, from) + names.get(at.meaning) + result.slice(from + at.node.name.length);
  }
  const doc = comment ? `${text.slice(comment.start, comment.end)}\n` : "";
  return `${doc}${isExported ? "export " : ""}${result}\n`;
}

function withoutComments(text) {
  const { comments } = parseSync("statement.d.ts", text, { lang: "dts" });
  return comments
    .toReversed()
    .reduce((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), text)
    .replace(/^\s*\n/gm, "");
}

/** `export … from` another module, types apart from values. */
function exportList(names, from) {
  const list = (wanted, keyword) => {
    const some = [...names].filter(([, { typeOnly }]) => typeOnly === wanted);
    const items = some.map(([name, { meaning }]) =>
      alias(meaning.source === from ? meaning.name : name, name),
    );
    return items.length > 0 ? `${keyword} { ${items.join(", ")} } from "${from}";\n` : "";
  };
  return list(false, "export") + list(true, "export type");
}

function grouped(pairs) {
  const groups = new Map();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return [...groups];
}

function alias(from, to) {
  return from === to ? from : `${from} as ${to}`;
}

/** A name for each, its own if that is free; the exported ones come first. */
function outputNames(kept, exported) {
  const names = new Map();
  const taken = new Set(exported.keys());
  for (const [name, { meaning }] of exported) if (meaning.name === name) names.set(meaning, name);
  for (const meaning of kept.keys()) {
    if (names.has(meaning)) continue;
    let name = meaning.name;
    for (let n = 1; taken.has(name); n++) name = `${meaning.name}_${n}`;
    taken.add(name);
    names.set(meaning, name);
  }
  return names;
}

/** These meanings and all that their declarations refer to: meaning to the references in it. */
function reachable(modules, meanings) {
  const kept = new Map();
  const open = meanings.toReversed();
  while (open.length > 0) {
    const meaning = open.pop();
    if (kept.has(meaning)) continue;
    if (!meaning.name) throw new Error(`imports from ${meaning.source} must name what they import`);
    const references = (meaning.nodes ?? []).flatMap((node) =>
      referencesIn(modules, meaning.module, node),
    );
    kept.set(meaning, references);
    open.push(...references.map((reference) => reference.meaning).toReversed());
  }
  return kept;
}

/** The identifiers in a statement that mean something outside of it. */
function referencesIn(modules, module, statement) {
  return identifiers(statement)
    .map((node) => ({ node, meaning: modules.meaning(module, node.name) }))
    .filter((reference) => reference.meaning);
}

// where an identifier stands for a declaration; elsewhere it names a member or a parameter
const referring = new Set([
  "id",
  "typeName",
  "exprName",
  "expression",
  "superClass",
  "left",
  "object",
]);

function identifiers(statement) {
  const found = [];
  const walk = (node, role) => {
    if (Array.isArray(node)) {
      for (const item of node) walk(item, role);
      return;
    }
    if (typeof node?.type !== "string") return;
    if (node.type === "TSImportType") {
      // that of another package, or of Node, means the same anywhere
      if (node.source.value.startsWith("."))
        throw new Error('"import(…)" of a module of the package, as a type, is not understood');
      return walk(node.typeArguments);
    }
    if (node.type === "Identifier" && referring.has(role)) found.push(node);
    for (const [key, value] of Object.entries(node))
      walk(value, key === "key" && node.computed ? "expression" : key);
  };
  walk(statement);
  return found;
}
