import { assertFilePaths } from './file-paths.js';
import { inspectGguf, looksLikeGguf } from './headers/gguf.js';
import { inspectSafetensors, looksLikeSafetensors } from './headers/safetensors.js';
import { readJsonObject } from './json-document.js';
import type { ModelFile } from './model-file.js';
import { filesInvalid, fileStray, formatUnsupported, quote } from './model-files.errors.js';
import { inspectOnnx } from './onnx/inspect-onnx.js';
import { describeUnknown, HEAD_BYTES, isPlainText, refuseArchive } from './refused-formats.js';
import { inspectSavedModel, isSavedModelPath } from './saved-model/inspect-saved-model.js';
import type { SignatureFacts } from './signature.js';
import { inspectTfjs, looksLikeTfjs } from './tfjs/inspect-tfjs.js';

/** What executes a model. */
export type ModelEngine = 'onnx' | 'tensorflow' | 'llama';
/** How its files are laid out. */
export type ModelFormat = 'onnx' | 'saved-model' | 'tfjs-layers' | 'tfjs-graph' | 'gguf';

/** What a model's files say about themselves. */
export interface ModelFacts {
  readonly engine: ModelEngine;
  readonly format: ModelFormat;
  /** The file by which the model is opened. */
  readonly entryPath: string;
  /** undefined when the files do not say it whole: then whoever registers the model must. */
  readonly signature: SignatureFacts | undefined;
  /** The engine binds inputs and outputs by position, so that their names are free. */
  readonly namesAreFree: boolean;
}

type Kind = 'onnx' | 'saved-model' | 'tfjs' | 'gguf' | 'safetensors';

interface Candidate {
  readonly file: ModelFile;
  readonly kind: Kind;
}

interface Inspected extends ModelFacts {
  /** Whether a file beside the entry belongs to the model. */
  readonly owns: (path: string) => boolean;
}

const MAX_TEXT_BYTES = 1024 * 1024;
/**
 * JSON beside a model that no engine sees, and how many bytes it may have: the sample requests that a replica warms the
 * model up with, and the signature that every trainer writes.
 */
const DOCUMENTS: ReadonlyMap<string, number> = new Map([
  ['warmup.json', 16 * 1024 * 1024],
  ['signature.json', MAX_TEXT_BYTES],
]);
const TEXT_NAME = /(?:^|\/)(?:readme|licen[cs]e|notice|model_card|changelog)[^/]*$|\.(?:md|txt)$/i;

/**
 * Finds out what a model is, by the bytes of its files and never by their names, and refuses what is no model here
 * (`unsupported_media`) and what is damaged or could harm whoever loads it (`unprocessable`). Reads structure only:
 * time and memory depend on it, not on the size of the weights or on anything that a file claims.
 */
export async function inspectModelFiles(allFiles: readonly ModelFile[]): Promise<ModelFacts> {
  assertFilePaths(allFiles.map(({ path }) => path));
  const files = allFiles.filter(({ path }) => !DOCUMENTS.has(path));
  for (const file of allFiles) await assertDocument(file);
  const heads = new Map<ModelFile, Uint8Array>();
  for (const file of files) {
    // A copy, since `read` may give a view of a buffer that is used again.
    heads.set(file, Uint8Array.from(await file.read(0, Math.min(file.sizeBytes, HEAD_BYTES))));
    await refuseArchive(file, headOf(heads, file));
  }
  const candidates = await findCandidates(files, heads);
  const [candidate, second] = candidates;
  if (candidate === undefined) throw unknownFormat(files, heads);
  if (second !== undefined)
    throw filesInvalid(`${quote(candidate.file.path)} and ${quote(second.file.path)} are both models`);
  const { owns, ...facts } = await inspect(candidate, files);
  for (const file of files) {
    if (file !== candidate.file && !owns(file.path)) await assertText(file, headOf(heads, file));
  }
  return facts;
}

function headOf(heads: ReadonlyMap<ModelFile, Uint8Array>, file: ModelFile): Uint8Array {
  return heads.get(file) ?? new Uint8Array();
}

/** Names the largest file: that is the one which was meant as the model. */
function unknownFormat(files: readonly ModelFile[], heads: ReadonlyMap<ModelFile, Uint8Array>): Error {
  const [main] = [...files].sort((a, b) => b.sizeBytes - a.sizeBytes);
  return formatUnsupported(main?.path ?? '', main ? describeUnknown(headOf(heads, main)) : 'missing');
}

async function findCandidates(
  files: readonly ModelFile[],
  heads: ReadonlyMap<ModelFile, Uint8Array>,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const file of files) {
    const kind = kindOf(headOf(heads, file));
    // JSON may also be an asset, so it is looked into.
    const isModel = kind !== 'tfjs' || looksLikeTfjs(await readJsonObject(file));
    if (kind !== undefined && isModel) candidates.push({ file, kind });
  }
  return candidates;
}

function kindOf(head: Uint8Array): Kind | undefined {
  if (looksLikeGguf(head)) return 'gguf';
  if (looksLikeSafetensors(head)) return 'safetensors';
  if (head[0] === 0x08 && head[1] === 1 && head[2] === 0x12) return 'saved-model';
  if (looksLikeOnnx(head)) return 'onnx';
  return looksLikeJson(head) ? 'tfjs' : undefined;
}

/** Fields are written in order: the IR version, then the producer's name or what comes after it. */
function looksLikeOnnx(head: Uint8Array): boolean {
  const [tag, version = 0, next = 0, length = 0] = head;
  if (tag !== 0x08 || version < 2 || version > 64) return false;
  if (next === 0x12) return length < 0x80;
  return [0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next);
}

function looksLikeJson(head: Uint8Array): boolean {
  const start = Buffer.from(head).toString('latin1');
  return /^\s*\{/.test(start) && !/[\u0000-\u0008\u000e-\u001f]/.test(start);
}

async function inspect({ file, kind }: Candidate, files: readonly ModelFile[]): Promise<Inspected> {
  switch (kind) {
    case 'onnx': {
      const { signature, externalPaths } = await inspectOnnx(file, files);
      const owns = (path: string) => externalPaths.includes(path);
      return { engine: 'onnx', format: 'onnx', entryPath: file.path, signature, namesAreFree: false, owns };
    }
    case 'saved-model': {
      assertName(file, 'saved_model.pb');
      const { signature } = await inspectSavedModel(file, files);
      const about = { engine: 'tensorflow', format: 'saved-model', namesAreFree: false } as const;
      return { ...about, entryPath: file.path, signature, owns: isSavedModelPath };
    }
    case 'tfjs': {
      assertName(file, 'model.json');
      const { format, signature, weightPaths } = inspectTfjs(file.path, await readJsonObject(file), files);
      const namesAreFree = format === 'tfjs-layers';
      const owns = (path: string) => weightPaths.includes(path);
      return { engine: 'tensorflow', format, entryPath: file.path, signature, namesAreFree, owns };
    }
    case 'gguf': {
      await inspectGguf(file);
      const about = { engine: 'llama', format: 'gguf', signature: undefined, namesAreFree: true } as const;
      return { ...about, entryPath: file.path, owns: () => false };
    }
    case 'safetensors':
      await inspectSafetensors(file);
      throw formatUnsupported(file.path, 'safetensors: weights without the model around them');
  }
}

/** Engines open these by folder, and look for the name. */
function assertName({ path }: ModelFile, name: string): void {
  if (path !== name) throw filesInvalid(`${quote(path)} must have the path ${quote(name)} within the model`);
}

/** Whether it fits the signature, whoever loads the version finds out. */
async function assertDocument(file: ModelFile): Promise<void> {
  const maxBytes = DOCUMENTS.get(file.path);
  if (maxBytes === undefined) return;
  const content = file.sizeBytes > maxBytes ? new Uint8Array() : await file.read(0, file.sizeBytes);
  if (!isPlainText(content) || !/^\s*[[{]/.test(Buffer.from(content).toString('utf8', 0, 100))) {
    throw fileStray(file.path);
  }
}

async function assertText(file: ModelFile, head: Uint8Array): Promise<void> {
  const isSmallText = TEXT_NAME.test(file.path) && file.sizeBytes <= MAX_TEXT_BYTES;
  if (isSmallText && isPlainText(await file.read(0, file.sizeBytes))) return;
  const what = describeUnknown(head);
  throw what.startsWith('of no') ? fileStray(file.path) : formatUnsupported(file.path, what);
}
