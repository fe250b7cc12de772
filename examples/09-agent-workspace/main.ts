// The file tools of an agent, which has one directory. What it asks for may have been put into its mouth
// by a web page that it read: so an honest mistake is told apart from an attempt to get out.
import { isHoldfastError, openRoot, type Root } from "@holdfast/root";

type Input = Readonly<Record<string, string>>;
export const openWorkspace = (directory: string): Promise<Root> =>
  openRoot(directory, {
    // Git runs hooks, and what its config names, later and outside of this; .env holds what no model
    // should know.
    deny: { read: [".env"], write: [".env", ".git/hooks", ".git/config"] },
    authorize({ path }) {
      if (path.endsWith(".pem")) throw new Error("keys are changed by people");
    },
    maxReadBytes: 200_000, // a context is no bigger
  });

const tools: Readonly<Record<string, (workspace: Root, input: Input) => Promise<string>>> = {
  read: (workspace, { path = "" }) => workspace.readFile(path, "utf8"),
  async write(workspace, { path = "", content = "" }) {
    const { bytes } = await workspace.writeFile(path, content, { create: true });
    return `${bytes} bytes written`;
  },
  async list(workspace, { path = "." }) {
    const entries = await workspace.readdir(path, { withFileTypes: true });
    return entries.map((entry) => entry.name + (entry.isDirectory() ? "/" : "")).join("\n");
  },
  async search(workspace, { text = "" }) {
    const found: string[] = [];
    for await (const { path, entry } of workspace.walk(".", { maxEntries: 10_000 })) {
      const content = entry.isFile() ? await workspace.readFile(path, "utf8").catch(skip) : "";
      if (content.includes(text)) found.push(path);
    }
    return found.join("\n");
  },
  async delete(workspace, { path = "" }) {
    await workspace.rm(path, { recursive: true, maxEntries: 1000 });
    return "deleted";
  },
};

function skip(error: unknown): string {
  if (!isHoldfastError(error)) throw error;
  return ""; // too large, or gone by now: that does not end a search
}

const attempts = new Set(["ERR_PATH_ESCAPES", "ERR_DENIED", "ERR_HARDLINK"]);
/** What the model is told, and whether a person should hear of it. */
export async function callTool(workspace: Root, name: string, input: Input) {
  try {
    const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
    return { text: (await tool?.(workspace, input)) ?? `no tool "${name}"`, alarm: false };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { text: error.message, alarm: attempts.has(error.code) };
  }
}

if (import.meta.filename === process.argv[1]) {
  await using workspace = await openWorkspace(process.argv[2] ?? ".");
  console.log(await callTool(workspace, "search", { text: process.argv[3] ?? "TODO" }));
}
