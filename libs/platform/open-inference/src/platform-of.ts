/** `<project>_<format>` where the two are not simply joined. Triton's names where it has one. */
const PLATFORMS: ReadonlyMap<string, string> = new Map([
  ['onnx', 'onnxruntime_onnx'],
  ['saved-model', 'tensorflow_savedmodel'],
  ['tfjs-layers', 'tensorflow_layers'],
  ['tfjs-graph', 'tensorflow_graph'],
]);

/** The platform that a version's metadata names, by its engine and the format of its files. */
export function platformOf(engine: string, format: string): string {
  return PLATFORMS.get(format) ?? `${engine}_${format}`.replaceAll(/[^A-Za-z0-9]+/g, '_');
}
