// Uploads under the names that clients give them. Nothing is done about the names here: what leads out,
// or is no name, the root refuses, and says why by a code.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { unescape } from "node:querystring";
import { pipeline } from "node:stream/promises";
import { openRoot, type Root } from "@holdfast/root";

const maxBytes = 1_000_000;

const statuses: Readonly<Record<string, number>> = {
  ERR_PATH_ESCAPES: 400,
  ERR_PATH_INVALID: 400,
  ENAMETOOLONG: 400,
  ERR_CONTENT_SOURCE: 400, // the client has gone: nobody hears it
  ENOENT: 404,
  ERR_SYMLINK: 404,
  EEXIST: 409,
  ERR_TOO_LARGE: 413,
};

/** `PUT /<name>`, `GET /<name>`, and `GET /` for the names, one per line. */
export function createUploadServer(uploads: Root): Server {
  return createServer((request, response) => {
    answer(uploads, request, response).catch((error: unknown) => {
      const status = statuses[String((error as NodeJS.ErrnoException).code)] ?? 500;
      if (status === 500) console.error(error); // ours to repair; the client learns no more of it
      if (response.headersSent) response.destroy();
      else response.writeHead(status, { connection: "close" }).end();
    });
  });
}

async function answer(uploads: Root, request: IncomingMessage, response: ServerResponse) {
  // Not by new URL(): that would resolve dots, and hide from us what was asked for.
  const name = unescape(request.url!.slice(1));
  if (request.method === "PUT") {
    // Under its name only when it is there as a whole. A client that goes away leaves nothing. The
    // request stays open after a refusal: the client is still to be told.
    const body = request.iterator({ destroyOnReturn: false });
    await uploads.copyIn(body, name, { overwrite: false, maxReadBytes: maxBytes });
    response.writeHead(201).end();
  } else if (name === "") {
    // What is still coming in has a hidden name.
    const names = (await uploads.readdir(".")).filter((each) => !each.startsWith("."));
    response.end(names.join("\n"));
  } else {
    const file = await uploads.open(name);
    // Never as a page of this site: it is whatever a stranger has sent.
    response.setHeader("content-disposition", "attachment");
    await pipeline(file.createReadStream(), response);
  }
}

if (import.meta.filename === process.argv[1]) {
  // An upload is never a link: one that lies there is somebody's trick, also if it leads to another.
  const uploads = await openRoot(process.argv[2] ?? ".", { symlinks: "refuse" });
  createUploadServer(uploads).listen(8080, "127.0.0.1");
}
