// Opens PDFs with pdf.js and keeps the last few open, so that going to the next paper is instant.

const ROOT = new URL("/pdfjs/", location.origin).href;
const KEPT = 3;

export function createDocs(api) {
  const open = new Map(); // sha256 -> {task, promise}
  let library = null;
  let worker = null;

  async function start() {
    const pdfjs = await import(`${ROOT}build/pdf.min.mjs`);
    pdfjs.GlobalWorkerOptions.workerSrc = `${ROOT}build/pdf.worker.min.mjs`;
    worker ??= new pdfjs.PDFWorker({ name: "wb-pdf" });
    return pdfjs;
  }

  async function load(sha256, entry) {
    library ??= start();
    library.catch(() => (library = null));
    const pdfjs = await library;
    if (entry.closed) throw new Error("closed");
    entry.task = pdfjs.getDocument({
      url: api.file(sha256),
      worker,
      cMapUrl: `${ROOT}cmaps/`,
      cMapPacked: true,
      standardFontDataUrl: `${ROOT}standard_fonts/`,
      wasmUrl: `${ROOT}wasm/`,
      iccUrl: `${ROOT}iccs/`,
      isEvalSupported: false,
      enableXfa: false,
      disableAutoFetch: true, // read only the parts of the file that shown pages need
      disableStream: true,
      rangeChunkSize: 1 << 18,
    });
    return entry.task.promise;
  }

  function close(sha256) {
    const entry = open.get(sha256);
    open.delete(sha256);
    if (!entry) return;
    entry.closed = true;
    entry.promise.then(() => entry.task?.destroy()).catch(() => entry.task?.destroy());
  }

  /** The opened document; the least recently asked ones are closed. */
  function get(sha256) {
    const entry = open.get(sha256) ?? { task: null, closed: false };
    entry.promise ??= load(sha256, entry);
    entry.promise.catch(() => {
      if (open.get(sha256) === entry) open.delete(sha256);
    });
    open.delete(sha256);
    open.set(sha256, entry);
    for (const old of [...open.keys()].slice(0, -KEPT)) close(old);
    return entry.promise;
  }

  return {
    get,
    destroy() {
      [...open.keys()].forEach(close);
      worker?.destroy();
      worker = null;
    },
  };
}
