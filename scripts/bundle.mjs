// Writes what a package publishes, its dist: one module per entry of package.json's `exports` and one
// that they share, without comments; and the declarations of what they export, with their comments.
// dist/NAME.js is made from src/NAME.ts. `tsc -b` comes first: it checks the types and leaves each
// module's declarations in the folder `declarations`.
//   node scripts/bundle.mjs [PACKAGE-FOLDER]...        default: all packages
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { parseSync } from "rolldown/utils";
import { publicDeclarations } from "./bundle/public-declarations.mjs";

const all = fileURLToPath(new URL("../packages", import.meta.url));
const named = process.argv.slice(2).map((folder) => resolve(folder));
const folders = named.length > 0 ? named : readdirSync(all).map((name) => join(all, name));
for (const folder of folders) await bundle(folder);

async function bundle(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const entries = Object.values(manifest.exports)
    .filter((target) => typeof target === "object")
    .map((target) => basename(target.default, ".js"));
  const files = new Map([
    ...(await modules(folder, entries, dependenciesOf(manifest))),
    ...publicDeclarations(join(folder, "declarations"), entries),
  ]);
  publish(join(folder, "dist"), files);
}

function dependenciesOf({ dependencies = {}, peerDependencies = {} }) {
  return [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
}

/** The bundled modules: file name to text. */
async function modules(folder, entries, dependencies) {
  const build = await rolldown({
    cwd: folder,
    input: Object.fromEntries(entries.map((name) => [name, join("src", `${name}.ts`)])),
    platform: "node",
    // a dependency stays one: two copies of the error class, or of a registry, would be two
    external: (id) =>
      id.startsWith("node:") || dependencies.some((name) => `${id}/`.startsWith(`${name}/`)),
    transform: { target: "node20.19" },
    onLog(level, log) {
      // what it only warns of (an import that it cannot find, say) would fail at the user's
      if (level === "warn") throw new Error(log.message);
    },
  });
  try {
    const { output } = await build.generate({
      format: "esm",
      chunkFileNames: "shared.js", // shared2.js, … where entries share different things
      comments: false,
      // Short names for local variables alone, and no dead code: lines, and the names of functions and
      // classes, are what a stack trace shows.
      minify: {
        compress: { keepNames: { function: true, class: true } },
        mangle: { toplevel: true, keepNames: true },
        codegen: { removeWhitespace: false },
      },
      minifyInternalExports: false, // stack traces and debuggers show the names
    });
    return output.map(({ fileName, code }) => [fileName, slim(fileName, code)]);
  } finally {
    await build.close();
  }
}

/**
 * Lines stay lines, for stack traces; what they begin with is a fiftieth of the package, and the lines
 * that name the source of what follows a hundredth.
 */
function slim(fileName, code) {
  const texts = templateTexts(parseSync(fileName, code).program);
  const isText = (offset) => texts.some(({ start, end }) => start < offset && offset <= end);
  return code.replace(/^(?:\t+|\/\/ src\/.*\n)/gm, (text, offset) => (isText(offset) ? text : ""));
}

/** The parts of template literals that stand for themselves: there a tab is a tab. */
function templateTexts(node) {
  if (typeof node !== "object" || node === null) return [];
  if (node.type === "TemplateElement") return [node];
  return Object.values(node).flatMap(templateTexts);
}

/** Makes `folder` hold these files and no others. */
function publish(folder, files) {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder))
    if (!files.has(name)) rmSync(join(folder, name), { recursive: true });
  for (const [name, text] of files) {
    if (readIfPresent(join(folder, name)) === text) continue; // whoever watches it is left alone
    const fresh = join(folder, `.${name}.${process.pid}`);
    writeFileSync(fresh, text);
    renameSync(fresh, join(folder, name)); // tests that run meanwhile never import half a module
  }
}

function readIfPresent(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}
